from __future__ import annotations

from pathlib import Path

from fake_hosts import fake_host

from common.doctor.mounts import Mount, is_mounted, mount_of, mounts

TABLE = """\
22 1 0:20 / / ro,relatime shared:1 - overlay overlay rw,lowerdir=/x
30 22 0:40 / /data rw,relatime - nfs4 store:/export rw
31 30 0:41 / /data/my\\040slides rw - ext4 /dev/sdb1 ro,errors=continue
a line that is none
"""


def test_the_table_of_the_kernel_is_read_with_spaces_in_names(tmp_path):
    host = fake_host(tmp_path, {"/proc/self/mountinfo": TABLE})

    assert mounts(host) == [
        Mount(Path("/"), "overlay", "overlay", True),
        Mount(Path("/data"), "nfs4", "store:/export", False),
        Mount(Path("/data/my slides"), "ext4", "/dev/sdb1", True),
    ]
    assert str(mounts(host)[1]) == "nfs4 of store:/export"
    assert str(mounts(host)[2]) == "ext4"


def test_a_path_is_on_the_innermost_file_system_around_it(tmp_path):
    host = fake_host(tmp_path, {"/proc/self/mountinfo": TABLE})

    assert mount_of(host, Path("/data/my slides/a.tif")).kind == "ext4"
    assert mount_of(host, Path("/data/mine")).kind == "nfs4"
    assert mount_of(host, Path("/database")).kind == "overlay"


def test_a_folder_is_a_mount_point_or_in_another_file_system(tmp_path):
    host = fake_host(tmp_path, {"/proc/self/mountinfo": TABLE})

    assert is_mounted(host, Path("/data"))
    assert not is_mounted(host, Path("/data/mine"))
    assert is_mounted(fake_host(tmp_path / "bare"), Path("/data/mine"))


def test_without_a_table_nothing_is_known(tmp_path):
    assert mount_of(fake_host(tmp_path), tmp_path) is None
