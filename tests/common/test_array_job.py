from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from common.array_job import ArrayJob, array_text
from common.cluster import Shard


def numbers_of(text):
    """What SLURM makes of the words behind ``--array``."""
    runs = [run.partition("-") for run in text.split(",") if run]
    return [n for first, _, last in runs for n in range(int(first), int(last or first) + 1)]


@given(st.sets(st.integers(0, 5000)))
def test_the_words_for_an_array_name_just_these_tasks(tasks):
    assert numbers_of(array_text(tasks)) == sorted(tasks)


@given(st.integers(0, 20_000), st.integers(1, 50), st.integers(1, 2000))
def test_no_task_number_reaches_what_the_cluster_takes_and_no_unit_is_lost(units, wanted, most):
    job = ArrayJob.of(units, wanted, most)

    assert job.tasks <= most
    assert job.tasks * job.units_per_task >= units
    assert (job.tasks - 1) * job.units_per_task < max(units, 1)
    assert numbers_of(job.array) == list(range(job.tasks))


@given(st.data())
def test_the_tasks_named_do_every_unit_that_is_left(data):
    units = data.draw(st.integers(1, 300))
    left = data.draw(st.sets(st.integers(0, units - 1)))
    job = ArrayJob.of(units, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 40)), left)

    done = {task: set(Shard(task, job.tasks).of(range(units))) for task in range(job.tasks)}

    assert set(job.open_tasks) == {task for task, its in done.items() if its & left}


def test_the_line_states_how_many_tasks_there_are_even_where_one_is_named():
    line = ArrayJob.of(10, 1, 1001, [3]).sbatch("a.sbatch", ["my slides", "--out", "o"], cpus=2)

    assert shlex.split(line) == [
        *("sbatch", "--array=3", "--cpus-per-task=2", "--export=ALL,TASKS=10"),
        *("a.sbatch", "my slides", "--out", "o"),
    ]
