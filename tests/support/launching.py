"""Ranks started as programs, as a launcher would."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from project import ROOT

PROGRAM = ROOT / "tests" / "support" / "rank_program.py"
needs_horovod = pytest.mark.skipif(
    find_spec("horovod") is None, reason="no Horovod; make horovod installs it"
)
LAUNCHERS = ("SLURM_", "HOROVOD_", "OMPI_", "PMI_", "PMIX_")
TIMEOUT_S = 600


def clean():
    """This environment, without what a launcher would have said in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LAUNCHERS)}
    bin_folder = Path(sys.executable).parent
    paths = f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'support'}"
    path = f"{bin_folder}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": paths, "PATH": path}


def of_step(rank, size):
    """What `srun` says to one of `size` ranks on one node."""
    said = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_NODES": "1"}
    said |= {"SLURM_STEP_NUM_TASKS": str(size), "SLURM_PROCID": str(rank)}
    return clean() | said | {"SLURMD_NODENAME": f"n{rank}"}


def start(mode, folder, size):
    """`size` ranks of `rank_program`, at work."""
    command = [sys.executable, str(PROGRAM), mode, str(folder)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environments = [of_step(rank, size) if size > 1 else clean() for rank in range(size)]
    return [subprocess.Popen(command, env=env, **streams) for env in environments]


def ended(processes):
    """Exit status and standard error of each, once all have ended by themselves."""
    try:
        said = [process.communicate(timeout=TIMEOUT_S)[1] for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
    return [(p.returncode, text) for p, text in zip(processes, said, strict=True)]


@contextmanager
def started(mode, folder, size):
    """`size` ranks at work; those that still are when the context is left are killed."""
    processes = start(mode, folder, size)
    try:
        yield processes
    finally:
        for process in processes:
            with process:
                process.kill()


def run(mode, folder, size):
    """`size` ranks from start to end."""
    return ended(start(mode, folder, size))


def done(mode, folder, size):
    """`size` ranks from start to an end in success."""
    for status, said in run(mode, folder, size):
        assert status == 0, said


def launched(*words, **options):
    """Any program from start to end, with what it said."""
    return subprocess.run(
        [os.fspath(word) for word in words],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        **{"env": clean(), **options},
    )
