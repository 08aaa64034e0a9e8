"""The folder in memory that processes of one machine share, ``/dev/shm``."""

from __future__ import annotations

import errno
import multiprocessing
import os
from typing import TYPE_CHECKING, Final

from common.amounts import MB, size
from common.doctor.container import container
from common.doctor.finding import ok, warning
from common.doctor.graphics import visible

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_DOCKERS: Final = 64 << 20
_FOLDER: Final = "/dev/shm"  # noqa: S108 - whether it is there is the question
_ROOM: Final = (
    "start the container with --shm-size=1g (Apptainer takes the host's, which is large enough)"
)


def look(host: Host, *, ranks: bool) -> list[Finding]:
    """Its size, and whether processes can share locks in it.

    Parameters
    ----------
    host : Host
    ranks : bool
        Whether the layer has ranks: NCCL and MPI exchange gradients there within a node, and
        PyTorch its batches; all else of ours are the locks of worker processes, some kB.
    """
    folder = host.path(_FOLDER)
    try:
        disk = os.statvfs(folder)
        multiprocessing.get_context("spawn").Lock()
    except OSError as error:
        said = f"{_FOLDER}: {error.strerror or errno.errorcode.get(error.errno or 0, 'no use')}"
        advice = "--workers 1 does without it"
        if container(host):
            advice += "; or give the container one: --tmpfs /dev/shm"
        return [warning("shared memory", f"{said}; worker processes share locks there", advice)]
    whole = disk.f_blocks * disk.f_frsize
    said = f"{_FOLDER} has {size(whole)}"
    if disk.f_blocks and disk.f_bavail * disk.f_frsize < MB:
        return [warning("shared memory", f"{said}, and is full", _ROOM)]
    if not ranks:
        return [ok("shared memory", f"{said}; worker processes keep some kB of locks there")]
    said += "; ranks on GPUs of one node exchange gradients there"
    if not 0 < whole <= _DOCKERS:
        return [ok("shared memory", said)]
    if not visible(host):
        return [ok("shared memory", f"{said}, and would need more than Docker's default")]
    return [warning("shared memory", f"{said}, and need more than Docker's default", _ROOM)]
