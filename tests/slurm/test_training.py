"""Training on a SLURM of two nodes, which `cluster.sh` starts on this machine."""

from __future__ import annotations

import os
import re

import launching
import pytest
from project import ROOT

SRUN = ("srun", "--kill-on-bad-exit=1", "--nodes=2", "--ntasks=2")
SELFTEST = ("layer2-train", "selftest", "--set", "distributed.timeout_s=20")
PROGRAM = ROOT / "tests" / "support" / "rank_program.py"
BATCH = ROOT / "slurm" / "layer2_train.sbatch"

pytestmark = [pytest.mark.cluster, launching.needs_horovod]


def test_the_selftest_passes_on_two_nodes(slurm, tmp_path):
    done = launching.launched(*SRUN, *SELFTEST, env=slurm.environment, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    lines = sorted(done.stdout.splitlines())
    assert re.fullmatch(r"rank 0 on n[12]: \d+ patches, passed", lines[0])
    assert re.fullmatch(r"rank 1 on n[12]: \d+ patches, passed", lines[1])
    assert len({line.split()[3] for line in lines}) == 2
    assert list(tmp_path.iterdir()) == []


def test_one_rank_of_srun_is_alone(slurm, tmp_path):
    done = launching.launched("srun", "--ntasks=1", *SELFTEST, env=slurm.environment, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["rank 0 on this machine: 37 patches, passed"]


def test_a_rank_that_is_killed_ends_the_step_by_name(slurm, tmp_path):
    program = f"{launching.sys.executable} {PROGRAM} wait_forever {tmp_path}"
    kill = f"""
        {program} & rank=$!
        until [ -f {tmp_path}/ready_0 ] && [ -f {tmp_path}/ready_1 ]; do sleep 0.1; done
        [ $SLURM_PROCID = 1 ] && kill -KILL $rank
        wait $rank"""

    done = launching.launched(
        "srun", "--nodes=2", "--ntasks=2", "bash", "-c", kill, env=slurm.environment
    )

    assert done.returncode != 0
    assert "rank 0 on n1 ends: rank 1 on n2 ended without a word" in done.stderr


def test_an_error_of_one_node_is_that_of_the_step(slurm, tmp_path):
    program = (launching.sys.executable, PROGRAM, "break_contract", tmp_path)

    done = launching.launched(*SRUN, *program, env=slurm.environment)

    assert done.returncode == 4
    assert "rank 1 on n2 failed: a.h5: patches" in done.stderr


def test_the_batch_script_runs_on_two_nodes(slurm, tmp_path):
    fake = tmp_path / "layer2-train"
    fake.write_text('#!/bin/sh\necho "$SLURM_PROCID of $SLURM_STEP_NUM_TASKS: $*"\n')
    fake.chmod(0o755)
    paths = f"{tmp_path}{os.pathsep}{slurm.environment['PATH']}"
    words = (
        "--wait",
        "--nodes=2",
        "--ntasks=2",
        "--cpus-per-task=1",
        "--time=5",
    )
    out = tmp_path / "said"

    launching.launched(
        *("sbatch", *words, f"--output={out}", BATCH),
        *("--config", "a.yaml", "--patches", "p", "--out", "run"),
        env=slurm.environment | {"PATH": paths},
    )

    assert sorted(out.read_text().splitlines()) == [
        f"{rank} of 2: train --config a.yaml --patches p --out run" for rank in (0, 1)
    ]
