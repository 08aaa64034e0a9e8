from __future__ import annotations

import pytest

from common.cgroup import Limits, limits


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_without_control_groups_nothing_is_limited(tmp_path):
    assert limits(tmp_path) == Limits(None, None)


def test_the_tightest_of_the_groups_around_counts(tmp_path):
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/slurm/job_7/step_0\n",
            "sys/fs/cgroup/slurm/cpu.max": "800000 100000\n",
            "sys/fs/cgroup/slurm/job_7/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/slurm/job_7/memory.max": "2000000000\n",
            "sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "max 100000\n",
            "sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
        },
    )

    assert limits(tmp_path) == Limits(1.5, 2_000_000_000)


def test_a_container_sees_its_own_group_at_the_top_though_it_is_told_another(tmp_path):
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/system.slice/docker-1.scope\n",
            "sys/fs/cgroup/cpu.max": "200000 100000\n",
            "sys/fs/cgroup/memory.max": "1000000000\n",
        },
    )

    assert limits(tmp_path) == Limits(2.0, 1_000_000_000)


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct"])
def test_the_first_version_is_read_too(tmp_path, controllers):
    write(
        tmp_path,
        {
            "proc/self/cgroup": f"5:{controllers}:/docker/1\n4:memory:/docker/1\n0::/\n",
            "sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us": "300000\n",
            "sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "500000000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )

    assert limits(tmp_path) == Limits(3.0, 500_000_000)
