from __future__ import annotations

import os

from fake_hosts import fake_host

from common.doctor.processors import look

QUOTA = {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n"}
FOUR = {"/proc/cpuinfo": "".join(f"processor\t: {n}\nmodel name\t: x\n\n" for n in range(4))}


def test_what_was_granted_and_what_is_used_is_told(tmp_path):
    granted = len(os.sched_getaffinity(0))

    (found,) = look(fake_host(tmp_path, FOUR, cpus=granted, SLURM_CPUS_PER_TASK="1"))

    assert found.state == "ok"
    assert found.said == (
        f"{granted} of 4 granted, SLURM gave 1 per task; 1 used unless told otherwise"
    )


def test_less_than_a_processor_is_too_little(tmp_path):
    (found,) = look(fake_host(tmp_path, FOUR | QUOTA))

    assert found.state == "warning"
    assert "quota is 0.5; 1 used" in found.said
