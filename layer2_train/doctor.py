"""Whether this machine can train, alone and with others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from common.amounts import GB
from common.cluster import Rank
from common.doctor import network, sources
from common.doctor.examination import Check
from common.doctor.finding import failed, ok, warning
from common.doctor.graphics import visible
from common.doctor.host import Host
from common.doctor.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from common.doctor.child import Told
    from common.doctor.examination import Examination
    from common.doctor.finding import Finding

_MEMORY: Final = 3 * GB
_FACTS: Final = "horovod_facts"
_ASKED: Final = (f"layer2_train.distributed:{_FACTS}",)
_BUILD: Final = "make horovod (HOROVOD_GPU_OPERATIONS=NCCL for GPUs), or take the image"


def doctor(
    out: Path | None,
    patches: Sequence[Path],
    *,
    quick: bool,
    host: Host | None = None,
    ask: Callable[[Sequence[str]], Told] = network.ask,
) -> Examination:
    """Look at the machine, have a tiny network answer, and ask Horovod what it was built with.

    Parameters
    ----------
    out : Path or None
        Run directory.
    patches : sequence of Path
        Folders of patch files that should be readable.
    quick : bool
        Leave out what takes seconds: the network and Horovod.
    host : Host or None
        None is this machine.
    ask : callable
        Loads the backend.
    """
    host = host or Host.here()
    own = [Check("patches", partial(sources.look, host, "patches", patches, "/patches"))]
    if not quick:
        own.append(Check("network", lambda: _answers(host, ask(_ASKED))))
    return rounds(
        host, "layer2-train", "train", out, own, memory_needed=_MEMORY, gpus=True, ranks=True
    )


def _answers(host: Host, told: Told) -> list[Finding]:
    return [*network.look(host, told, "train"), horovod(host, told)]


def horovod(host: Host, told: Told) -> Finding:
    """What is said of Horovod: one process needs none, several cannot do without."""
    size, facts = Rank.here(host.variables).size, told.steps.get(_FACTS)
    needs = f"{size} ranks need it" if size > 1 else "one process needs none"
    absent = failed if size > 1 else warning
    if facts is None:
        said = f"does not load ({told.end or 'nothing says why'}); {needs}"
        return absent("Horovod", said, f"build it for the TensorFlow that is here: {_BUILD}")
    if not facts["version"]:
        return absent("Horovod", f"none; {needs}, several ranks do", _BUILD)
    built = [name for name in ("Gloo", "NCCL", "MPI") if facts[name.lower()]]
    said = f"{facts['version']} with {', '.join(built) or 'nothing to connect ranks by'}"
    if not facts["gloo"] and not facts["mpi"]:
        return absent("Horovod", said, _BUILD)
    if visible(host) and not facts["nccl"]:
        slow = f"{said}, without NCCL: GPUs would exchange gradients by way of the processors"
        return warning("Horovod", slow, "HOROVOD_GPU_OPERATIONS=NCCL make horovod")
    return ok("Horovod", said)
