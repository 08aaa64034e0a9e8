"""What every layer's `doctor` looks at, and how it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from common.doctor import (
    container,
    graphics,
    hdf5,
    interpreter,
    libraries,
    output,
    resources,
    shared_memory,
    slurm,
    temporary,
)
from common.doctor.examination import Check, Examination, examine
from common.provenance import software

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.doctor.host import Host


def rounds(
    host: Host,
    program: str,
    extra: str,
    out: Path | None,
    own: Sequence[Check],
    *,
    memory_needed: int,
    gpus: bool = False,
    ranks: bool = False,
) -> Examination:
    """Look at what all layers need, and then at what one adds.

    Parameters
    ----------
    host : Host
    program : str
        Of the layer.
    extra : str
        Of this software that brings the layer's libraries.
    out : Path or None
        Folder for results, where it was given.
    own : sequence of Check
        What the layer adds.
    memory_needed : int, bytes
        What the layer takes on a small machine.
    gpus : bool
        Whether the layer uses them.
    ranks : bool
        Whether several processes of the layer share one piece of work.
    """
    shared = [
        Check("libraries", partial(libraries.look, extra)),
        Check("Python", partial(interpreter.look, host)),
        Check("container", partial(container.look, host)),
        Check("SLURM", partial(slurm.look, host, ranks=ranks)),
        Check("processors", partial(resources.processors, host)),
        Check("memory", partial(resources.memory, host, memory_needed)),
        Check("shared memory", partial(shared_memory.look, host, ranks=ranks)),
        Check("GPUs", partial(graphics.look, host, used=gpus)),
        Check("temporary files", partial(temporary.look, host)),
        Check("output", partial(output.look, host, out)),
        Check("HDF5", partial(hdf5.look, host)),
        Check("JPEG", hdf5.look_at_pictures),
    ]
    name = host.variables.get("SLURMD_NODENAME") or host.text("/proc/sys/kernel/hostname").strip()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    head = f"{program} doctor: {software()}, on {name or 'this machine'}, {now}"
    return examine(head, [*shared, *own])
