"""Tasks of extraction that are killed, asked to stop, lost with their node, or run twice."""

from __future__ import annotations

import json
import os
import signal

import pytest
from halting import go, waits
from real_command import done
from results_folder import assert_same_results, assert_sound, traces
from slurm_jobs import SCRIPTS, Held

WORDS = ("--blocks", "2", "--set", "sampling.method=dense", "--set", "sampling.stride=16")
WORDS = (*WORDS, "--set", "patch.size=32", "--set", "patch.mpp=0.5")
TASKS = 3

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / "slides"
    done("phantom", folder, "--slides", "3", "--size", "2048")
    return folder


@pytest.fixture(scope="module")
def whole(slides, tmp_path_factory):
    """What one process makes of the slides, undisturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done("extract", slides, "--out", out, *WORDS, "--workers", "1")
    done("merge", out)
    return out


@pytest.fixture
def middle(halt):
    """Where a task may halt, in the middle of a slide."""
    return halt("common.patch_file.writer:PatchWriter.append", name="task-$SLURM_ARRAY_TASK_ID")


@pytest.fixture
def submit(slurm, slides, middle, tmp_path):
    """Submits the extraction of the slides to ``out``, in an array."""

    def submitted(*words, array=f"0-{TASKS - 1}", tasks=TASKS):
        given = (f"--array={array}", f"--export=ALL,TASKS={tasks}", *words)
        command = (SCRIPTS / "layer1_extract.sbatch", slides, "--out", tmp_path / "out", *WORDS)
        return slurm.sbatch(*given, *command, **middle.environment)

    return submitted


@pytest.fixture
def caught(middle):
    """Processes of an array's task, halted in the middle of a slide as they were asked to."""

    def found(task, times=1):
        return [Held(pid) for pid in middle.halted(times, SLURM_ARRAY_TASK_ID=task)]

    return found


def merged_after(slurm, array, out):
    """The job that merges, after an array, and one that would go on with what is whole."""
    merge = slurm.sbatch(f"--dependency=afterany:{array}", SCRIPTS / "layer1_merge.sbatch", out)
    words = (f"--dependency=afterok:{merge}", "--kill-on-invalid-dep=yes", "--wrap=true")
    return merge, slurm.sbatch(*words)


def states(tasks):
    return [task.state for task in tasks]


def assert_whole(out, whole):
    assert_same_results(out, whole)
    assert_sound(out)


def test_a_killed_task_stops_what_depends_on_it_and_is_done_alone(
    slurm, submit, middle, caught, whole, tmp_path
):
    out = tmp_path / "out"
    middle.ask(SLURM_ARRAY_TASK_ID=1)
    array = submit()
    merge, after = merged_after(slurm, array, out)
    (task,) = caught(1)

    said = json.loads(slurm.run("layer1-extract", "status", out, "--json"))
    assert said["states"]["running"] >= 1
    slurm.run("layer1-extract", "merge", out, status=4)
    os.kill(task.pid, signal.SIGKILL)

    assert states(slurm.ended(array)) == ["COMPLETED", "FAILED", "COMPLETED"]
    assert states(slurm.ended(merge, after)) == ["FAILED", "CANCELLED"]
    assert "Run layer1-extract extract again" in slurm.log(merge)

    before = {path: path.stat().st_mtime_ns for path in (out / "patches").glob("*.h5")}
    assert 0 < len(before) < 2 * TASKS
    alone = submit(array="1")
    merge, after = merged_after(slurm, alone, out)
    assert states(slurm.ended(alone, merge, after)) == ["COMPLETED"] * 3
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "2 slides: 2 done" in slurm.log(alone, 1)
    assert_whole(out, whole)


def test_a_task_asked_to_stop_goes_back_into_the_queue(
    slurm, submit, middle, caught, whole, tmp_path
):
    out = tmp_path / "out"
    middle.ask(SLURM_ARRAY_TASK_ID=0)
    array = submit("--cpus-per-task=2")
    merge, after = merged_after(slurm, array, out)
    (task,) = caught(0)  # one of two processes

    slurm.run("scancel", "--batch", "--signal=USR1", f"{array}_0")
    slurm.until(lambda: waits(task.pid, signal.SIGTERM))
    go(task.pid)

    found = slurm.ended(array, merge, after)
    assert states(found) == ["COMPLETED"] * (TASKS + 2)
    assert [one.restarts for one in found] == [1, 0, 0, 0, 0]
    log = slurm.log(array, 0)
    assert "stopped by SIGUSR1; the same command goes on from what is finished" in log
    heads = [line for line in log.splitlines() if "software=" in line]
    assert len(heads) == 2
    assert all(f"job={task.job} (={array}_0) task=0 rank=0 " in head for head in heads)
    assert traces(out) == []
    assert_whole(out, whole)


def test_a_task_of_a_node_that_dies_is_done_on_the_other(
    slurm, submit, middle, caught, whole, tmp_path
):
    out = tmp_path / "out"
    middle.ask(SLURM_ARRAY_TASK_ID=1)
    array = submit()
    merge, after = merged_after(slurm, array, out)
    (task,) = caught(1)

    slurm.kill_node(task.node)

    found = slurm.ended(array, merge, after)
    assert states(found) == ["COMPLETED"] * (TASKS + 2)
    assert found[1].restarts == 1
    assert {found[1].node, task.node} == {"n1", "n2"}
    assert_whole(out, whole)


def test_a_task_that_runs_twice_at_once_does_no_harm(
    slurm, submit, middle, caught, whole, tmp_path
):
    out = tmp_path / "out"
    middle.ask(times=2, SLURM_ARRAY_TASK_ID=0)
    first, second = submit(array="0", tasks=1), submit(array="0", tasks=1)
    both = caught(0, times=2)

    for task in both:
        go(task.pid)

    assert {task.job for task in both} == {first, second}
    assert states(slurm.ended(first, second)) == ["COMPLETED"] * 2
    done("merge", out)
    assert_whole(out, whole)
