"""The processors and the memory this process may use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from common.amounts import GB, size
from common.cgroup import limits
from common.cluster import available_cpus
from common.doctor.finding import ok, warning

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_PROCESSOR: Final = re.compile(r"^processor\s*:", re.MULTILINE)


def processors(host: Host) -> list[Finding]:
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


def memory(host: Host, needed: int) -> list[Finding]:
    """Memory of the machine, what is free of it, and the limits of container and scheduler.

    Parameters
    ----------
    host : Host
    needed : int, bytes
        What the layer takes on a small machine.
    """
    there, free = _told(host, "MemTotal"), _told(host, "MemAvailable")
    limit, slurm = limits(host.root).memory, slurm_memory(host)
    parts = [f"{size(there)}, {size(free)} free"] if there else ["how much is not told"]
    parts += [f"limit of the control group {size(limit)}"] if limit else []
    parts += [f"SLURM gave {size(slurm)}"] if slurm else []
    said = "; ".join(parts)
    most = min((count for count in (free, limit, slurm) if count), default=needed)
    if most < needed:
        said += f": less than the {size(needed)} this layer takes on a small machine"
        whole = -(-needed // GB)
        advice = f"give the container or the job more (--memory {whole}g, --mem={whole}G)"
        return [warning("memory", said, advice)]
    return [ok("memory", said)]


def slurm_memory(host: Host) -> int:
    """Bytes SLURM gave this job on this node; 0 where it does not say."""
    node, each = host.number("SLURM_MEM_PER_NODE"), host.number("SLURM_MEM_PER_CPU")
    cpus = host.number("SLURM_CPUS_ON_NODE") or host.number("SLURM_CPUS_PER_TASK") or 1
    return (node or each * cpus) << 20


def _told(host: Host, name: str) -> int:
    """A line of the kernel's table, bytes."""
    for line in host.text("/proc/meminfo").splitlines():
        key, _, value = line.partition(":")
        words = value.split()
        if key == name and words and words[0].isdecimal():
            return int(words[0]) << 10
    return 0
