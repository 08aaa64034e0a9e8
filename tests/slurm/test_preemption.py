"""Jobs that a SLURM takes the nodes away from, for others; one that cancels what it preempts."""

from __future__ import annotations

import os

import pytest
from fake_programs import fake
from slurm_jobs import SCRIPTS

# Stops at nothing, and is killed by what it is told; once begun anew it is done.
STUBBORN = """[ "${SLURM_RESTART_COUNT:-0}" = 0 ] || exit 0
touch "%s/$SLURM_JOB_ID.$SLURM_PROCID"
while :; do sleep 0.1; done"""

pytestmark = pytest.mark.cluster


@pytest.fixture
def at_work(slurm, tmp_path):
    """A training on two nodes and two tasks of an extraction, in the middle of it."""
    begun = tmp_path / "begun"
    begun.mkdir()
    for name in ("layer1-extract", "layer2-train"):
        fake(tmp_path / "bin", name, STUBBORN % begun)
    paths = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{slurm.environment['PATH']}"}
    one = "--cpus-per-task=1"
    train = slurm.sbatch(one, SCRIPTS / "layer2_train.sbatch", "--out", "run", **paths)
    given = "--array=0-1", "--export=ALL,TASKS=2"
    array = slurm.sbatch(*given, SCRIPTS / "layer1_extract.sbatch", "--out", "o", **paths)
    slurm.until(lambda: len(list(begun.iterdir())) == 4)
    return train, array


def test_what_is_preempted_goes_back_into_the_queue(slurm, at_work):
    """Ranks are told at once, and the script of a task when the grace time is over."""
    whole = ("--partition=high", "--nodes=2", "--ntasks-per-node=2")
    other = slurm.sbatch(*whole, "--wrap=true")

    found = slurm.ended(other, *at_work)

    assert [task.state for task in found] == ["COMPLETED"] * 4
    assert sorted(task.restarts for task in found) == [0, 1, 1, 1]


def test_what_scancel_ends_does_not_come_back(slurm, at_work):
    slurm.run("scancel", *at_work)

    found = slurm.ended(*at_work)

    assert [(task.state, task.restarts) for task in found] == [("CANCELLED", 0)] * 3
