"""The processors this process may use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from common.cgroup import limits
from common.cluster import available_cpus
from common.doctor.finding import ok, warning

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_PROCESSOR: Final = re.compile(r"^processor\s*:", re.MULTILINE)


def look(host: Host) -> list[Finding]:
    """CPUs of the machine, of the affinity mask, of SLURM, and the quota of a container."""
    there = len(_PROCESSOR.findall(host.text("/proc/cpuinfo")))
    asked, quota = host.number("SLURM_CPUS_PER_TASK"), limits(host.root).cpus
    said = f"{host.cpus} of {there or 'unknown'} granted"
    said += f", SLURM gave {asked} per task" if asked else ""
    said += f", the container's quota is {quota:g}" if quota is not None else ""
    used = min(host.cpus, available_cpus(host.variables, host.root))
    said += f"; {used} used unless told otherwise"
    if quota is not None and quota < 1:
        advice = "give the container a whole CPU at least (--cpus 1)"
        return [warning("processors", said, advice)]
    return [ok("processors", said)]
