from __future__ import annotations

import os

from fake_hosts import fake_host

from common.doctor.resources import memory, processors, slurm_memory

QUOTA = {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n"}
FOUR = {"/proc/cpuinfo": "".join(f"processor\t: {n}\nmodel name\t: x\n\n" for n in range(4))}
TABLE = {"/proc/meminfo": "MemTotal:  24000000 kB\nMemAvailable: 20000000 kB\n"}
LIMIT = {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "1000000000\n"}
NEEDED = 3 * 10**9


def test_what_was_granted_and_what_is_used_is_told(tmp_path):
    granted = len(os.sched_getaffinity(0))

    (found,) = processors(fake_host(tmp_path, FOUR, cpus=granted, SLURM_CPUS_PER_TASK="1"))

    assert found.state == "ok"
    assert found.said == (
        f"{granted} of 4 granted, SLURM gave 1 per task; 1 used unless told otherwise"
    )


def test_less_than_a_processor_is_too_little(tmp_path):
    (found,) = processors(fake_host(tmp_path, FOUR | QUOTA))

    assert found.state == "warning"
    assert "quota is 0.5; 1 used" in found.said


def test_memory_of_machine_group_and_scheduler_is_told(tmp_path):
    (found,) = memory(fake_host(tmp_path, TABLE, SLURM_MEM_PER_NODE="8192"), NEEDED)

    assert found.state == "ok"
    assert found.said == "25 GB, 20 GB free; SLURM gave 8.6 GB"


def test_a_limit_below_what_the_layer_takes_is_told_with_what_to_ask_for(tmp_path):
    (found,) = memory(fake_host(tmp_path, TABLE | LIMIT), NEEDED)

    assert found.state == "warning"
    assert "limit of the control group 1 GB" in found.said
    assert "--mem=3G" in found.advice


def test_memory_per_processor_is_that_of_all_processors(tmp_path):
    host = fake_host(tmp_path, SLURM_MEM_PER_CPU="1000", SLURM_CPUS_ON_NODE="4")

    assert slurm_memory(host) == 4000 << 20


def test_a_machine_that_tells_nothing_is_not_accused(tmp_path):
    (found,) = memory(fake_host(tmp_path), NEEDED)

    assert found.state == "ok"
