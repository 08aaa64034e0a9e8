from __future__ import annotations

import subprocess
import sys

import pytest
from project import ROOT

from common.doctor.locks import try_flock

BY_FCNTL = """
import fcntl, sys
from pathlib import Path
from common.doctor.locks import try_fcntl
if sys.argv[2] == "given to all":
    fcntl.lockf = lambda *_: None
try_fcntl(Path(sys.argv[1]))
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.touch()
    return path


def by_fcntl(file, locks):
    """What comes of it in a process of its own, which makes another."""
    words = [sys.executable, "-c", BY_FCNTL, str(file), locks]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT)


def test_locks_of_this_disk_shut_others_out(file):
    try_flock(file)
    assert by_fcntl(file, "as they are").returncode == 0


def test_a_lock_that_two_are_given_is_none(file, monkeypatch):
    monkeypatch.setattr("common.doctor.locks.fcntl.flock", lambda *_: None)

    with pytest.raises(OSError, match="given to two at a time"):
        try_flock(file)
    assert "given to two at a time" in by_fcntl(file, "given to all").stderr
