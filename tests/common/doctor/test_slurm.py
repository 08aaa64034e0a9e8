from __future__ import annotations

import pytest
from fake_hosts import fake_host

from common.doctor.slurm import look

JOB = {"SLURM_JOB_ID": "123", "SLURMD_NODENAME": "n7", "SLURM_CPUS_PER_TASK": "4"}
STEP = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1"}
ARRAY = {
    "SLURM_ARRAY_JOB_ID": "120",
    "SLURM_ARRAY_TASK_ID": "3",
    "SLURM_ARRAY_TASK_COUNT": "10",
    "SLURM_ARRAY_TASK_MIN": "0",
}


def odd(tmp_path, ranks=False, cpus=4, **variables):
    """What is not well."""
    found = look(fake_host(tmp_path, cpus=cpus, **variables), ranks=ranks)
    return [finding for finding in found if finding.state != "ok"]


def test_outside_a_job_that_is_all_there_is_to_say(tmp_path):
    (found,) = look(fake_host(tmp_path, SLURM_NTASKS="4"), ranks=True)

    assert (found.state, found.said) == ("ok", "not in a job")


def test_a_job_is_told_in_plain_words(tmp_path):
    more = {"TASKS": "10", "SLURM_MEM_PER_NODE": "4000", "SLURM_RESTART_COUNT": "1"}
    (found,) = look(fake_host(tmp_path, **JOB, **STEP, **ARRAY, **more), ranks=False)

    assert found.said == (
        "job 123, task 3 of array 120, which has 10 tasks (TASKS), on n7, 1 node, 4 CPUs per task, "
        "4.2 GB of memory, begun anew 1 time"
    )


def test_ranks_are_told_with_who_started_them(tmp_path):
    step = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"}
    (found,) = look(fake_host(tmp_path, **JOB, **step), ranks=True)

    assert "rank 1 of 2, by srun" in found.said


def test_processors_that_srun_did_not_pass_on_are_missed(tmp_path):
    (step,) = odd(tmp_path, cpus=1, **JOB, **STEP)
    (batch,) = odd(tmp_path, cpus=1, **JOB)

    assert "4 CPUs per task asked for, 1 granted: srun" in step.said
    assert "--cpus-per-task" in step.advice
    assert "TaskPlugin" in batch.advice


@pytest.mark.parametrize(
    ("variables", "state", "said"),
    [
        ({}, "warning", "TASKS does not say"),
        ({"TASKS": "3"}, "failed", "no such share"),
        ({"TASKS": "8"}, "warning", "some have no share"),
    ],
)
def test_an_array_whose_numbers_do_not_fit_is_told(tmp_path, variables, state, said):
    (found,) = odd(tmp_path, **JOB, **STEP, **ARRAY, **variables)

    assert found.state == state
    assert said in found.said


def test_one_task_submitted_again_is_well_where_tasks_are_stated(tmp_path):
    again = ARRAY | {"SLURM_ARRAY_TASK_COUNT": "1", "TASKS": "10"}
    found = look(fake_host(tmp_path, **JOB, **STEP, **again), ranks=False)

    assert [finding.state for finding in found] == ["ok", "ok"]
    assert "1 of 10 tasks submitted, which is well" in found[1].said


def test_a_training_that_srun_did_not_start_would_be_alone(tmp_path):
    (found,) = odd(tmp_path, ranks=True, **JOB, SLURM_NTASKS="4")

    assert "srun" in found.advice


def test_processes_that_would_do_the_same_work_are_told(tmp_path):
    (found,) = odd(tmp_path, **JOB, **STEP | {"SLURM_STEP_NUM_TASKS": "4"})

    assert "4 of these side by side" in found.said
