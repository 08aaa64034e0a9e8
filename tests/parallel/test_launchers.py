"""Two ranks on this machine, by each launcher that is installed."""

from __future__ import annotations

import re
import shutil

import launching
import pytest

pytestmark = launching.needs_horovod
SELFTEST = ("layer2-train", "selftest", "--set", "distributed.timeout_s=20")
LOOPBACK = ("--mca", "btl_tcp_if_include", "lo", "--mca", "oob_tcp_if_include", "lo")
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
LAUNCHERS = {
    "horovodrun": ("horovodrun", "--gloo", "-np", "2"),
    "mpirun": ("mpirun", "-np", "2", "--oversubscribe", "--bind-to", "none", *LOOPBACK),
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_selftest_passes(launcher, tmp_path):
    environment = launching.clean() | AS_ROOT
    if shutil.which(launcher, path=environment["PATH"]) is None:
        pytest.skip(f"no {launcher} here")

    done = launching.launched(*LAUNCHERS[launcher], *SELFTEST, env=environment, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = re.findall(r"rank (\d) on \S+: \d+ patches, passed", done.stdout)
    assert sorted(lines) == ["0", "1"]
    assert list(tmp_path.iterdir()) == []


def test_the_selftest_passes_without_a_launcher(tmp_path):
    done = launching.launched(*SELFTEST, env=launching.clean(), cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "rank 0 on this machine: 37 patches, passed\n"
