from __future__ import annotations

import os

from fake_hosts import fake_host

from common.doctor.host import Host


def test_this_machine_is_as_the_system_says(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")

    host = Host.here()

    assert host.number("SLURM_JOB_ID") == 7
    assert (host.cpus, host.uid) == (len(os.sched_getaffinity(0)), os.getuid())
    assert host.text("/proc/self/mountinfo")


def test_what_cannot_be_read_is_empty_and_what_is_no_number_0(tmp_path):
    host = fake_host(tmp_path, {"/etc/os": "Debian"}, TASKS="ten")

    assert (host.text("/etc/os"), host.text("/etc/none")) == ("Debian", "")
    assert (host.number("TASKS"), host.number("NONE")) == (0, 0)


def test_files_and_folders_are_read_as_the_user_may(tmp_path):
    host = fake_host(tmp_path, {"/a": "a"})

    assert host.reads(tmp_path / "a")
    assert host.reads(tmp_path)
    assert not host.reads(tmp_path / "b")
