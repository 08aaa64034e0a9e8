from __future__ import annotations

import os
import subprocess
import sys

import pytest
from fake_hosts import fake_host, only
from project import ROOT

from layer1_extract.doctor import doctor


def test_a_container_that_was_given_nothing_is_not_ill(tmp_path):
    root = tmp_path / "root"
    host = fake_host(root, {"/.dockerenv": ""}, HOME=str(tmp_path))

    found = doctor(None, (), host)

    assert found.exit_status == 0
    assert only(found.findings, "container").said.startswith("docker")


def test_no_backend_is_loaded():
    code = """
import sys
from layer1_extract.doctor import doctor
doctor(None, ())
print(sorted({"tensorflow", "keras", "jax", "torch", "layer2_train"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    assert done.stdout == "[]\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a root file system of its own")
def test_without_any_folder_that_can_be_written_it_still_tells():
    code = """
import subprocess, sys
read_only = "mount --make-rprivate / && for d in /tmp /dev/shm /var/tmp; do " \
    "mount --bind $d $d && mount -o remount,ro,bind $d || exit 42; done; cd /proc; exec \\"$@\\""
words = ["unshare", "--mount", "sh", "-c", read_only, "sh", sys.executable, "-m", "layer1_extract"]
sys.exit(subprocess.run([*words, "doctor"]).returncode)
"""
    environment = {k: v for k, v in os.environ.items() if k not in {"TMPDIR", "TEMP", "TMP"}}
    environment |= {"PYTHONPATH": str(ROOT), "HOME": "/tmp"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    if "unshare" in done.stderr or done.returncode == 42:
        pytest.skip("mounting is not allowed here")

    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("home", "shared memory", "temporary files", "output", "HDF5", "OpenSlide"):
        assert f"warning  {name}" in done.stdout, done.stdout
    assert "Traceback" not in done.stderr
