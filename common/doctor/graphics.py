"""The GPUs of the machine, before any library is asked for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from common.amounts import counted
from common.cluster import visible_devices
from common.doctor.container import container
from common.doctor.finding import ok, warning

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_SHOWN: Final = {
    "apptainer": "to use one: apptainer run --nv",
    "docker": "to use one: docker run --gpus all",
    "podman": "to use one: podman run --device nvidia.com/gpu=all",
}
_ASKED: Final = "to use one ask SLURM for it (--gres=gpu:1), or see what nvidia-smi says"
_VERSION: Final = re.compile(r"Module.*?\s(\d+(?:\.\d+)+)\s")


def look(host: Host, *, used: bool) -> list[Finding]:
    """Devices this process may open, and the version of their driver.

    Parameters
    ----------
    host : Host
    used : bool
        Whether the layer uses them.
    """
    devices, version = visible(host), driver(host)
    slurm = host.variables.get("SLURM_GPUS_ON_NODE", "")
    if devices:
        named = f"{counted(len(devices), 'GPU')} ({', '.join(devices)})"
        return [ok("GPUs", f"{named}, driver {version or 'not told'}")]
    if slurm.isdecimal() and int(slurm):
        said = f"SLURM gave {counted(int(slurm), 'GPU')}, none can be seen"
    elif version:
        said = f"the machine has a driver, {version}, but no GPU can be seen"
    else:
        return [ok("GPUs", "none")]
    hidden = host.variables.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None:
        said += f"; CUDA_VISIBLE_DEVICES={hidden or '(empty)'}"
    if not used:
        return [ok("GPUs", f"{said}; this layer uses none")]
    return [warning("GPUs", said, _SHOWN.get(container(host), _ASKED))]


def visible(host: Host) -> list[str]:
    """GPUs this process may use, as ``CUDA_VISIBLE_DEVICES`` calls them."""
    return visible_devices(host.variables, host.path("/dev"))


def driver(host: Host) -> str:
    """Version of NVIDIA's driver; empty where there is none."""
    found = _VERSION.search(host.text("/proc/driver/nvidia/version"))
    return found[1] if found else ""
