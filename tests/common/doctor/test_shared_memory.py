from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from fake_hosts import fake_host

from common.doctor import shared_memory
from common.doctor.shared_memory import look


@pytest.fixture
def disk(monkeypatch):
    """Makes /dev/shm one of so many bytes."""

    def make(size, free):
        told = SimpleNamespace(f_blocks=size // 4096, f_bavail=free // 4096, f_frsize=4096)
        monkeypatch.setattr(shared_memory.os, "statvfs", lambda _: told)

    return make


def test_dockers_default_is_enough_for_locks_and_not_for_ranks_on_gpus(tmp_path, disk):
    disk(64 << 20, 64 << 20)

    (locks,) = look(fake_host(tmp_path), ranks=False)
    (processors,) = look(fake_host(tmp_path), ranks=True)
    (ranks,) = look(fake_host(tmp_path, {"/dev/nvidia0": ""}), ranks=True)

    assert (locks.state, processors.state) == ("ok", "ok")
    assert "67 MB" in ranks.said
    assert ranks.state == "warning"
    assert "--shm-size=1g" in ranks.advice


def test_a_large_one_is_well_and_a_full_one_is_not(tmp_path, disk):
    disk(1 << 30, 1 << 30)
    assert look(fake_host(tmp_path), ranks=True)[0].state == "ok"

    disk(1 << 30, 0)
    assert look(fake_host(tmp_path), ranks=False)[0].state == "warning"


def test_where_there_is_none_one_worker_does_without_it(tmp_path):
    (found,) = look(fake_host(tmp_path / "none", HOME=os.devnull), ranks=False)

    assert found.state == "warning"
    assert "--workers 1" in found.advice
