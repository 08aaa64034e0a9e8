from __future__ import annotations

from fake_hosts import fake_host

from common.doctor.examination import Check
from common.doctor.finding import ok
from common.doctor.rounds import rounds


def test_all_that_layers_share_is_looked_at_and_then_what_one_adds(tmp_path):
    files = {"/proc/sys/kernel/hostname": "n7\n", "/proc/meminfo": "MemTotal: 4000000 kB\n"}
    own = [Check("own", lambda: [ok("own", "as well")])]

    found = rounds(
        fake_host(tmp_path, files, HOME=str(tmp_path)),
        "layer1-extract",
        "extract",
        tmp_path,
        own,
        memory_needed=10**9,
    )

    assert found.head.startswith("layer1-extract doctor: camnet ")
    assert ", on n7, " in found.head
    names = [finding.name for finding in found.findings]
    assert names[-1] == "own"
    looked = {"camnet", "libraries", "Python", "clock", "container", "home", "SLURM", "output"}
    assert looked | {"processors", "memory", "shared memory", "GPUs", "HDF5"} <= set(names)
    assert "could not be looked at" not in found.text()
