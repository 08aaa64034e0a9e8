"""Whether this machine can make heatmaps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from common.amounts import GB
from common.doctor import network, pixels, sources
from common.doctor.examination import Check
from common.doctor.host import Host
from common.doctor.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from common.doctor.child import Told
    from common.doctor.examination import Examination

_MEMORY: Final = 3 * GB


def doctor(
    out: Path | None,
    slides: Sequence[Path],
    models: Sequence[Path],
    *,
    quick: bool,
    host: Host | None = None,
    ask: Callable[[], Told] = network.ask,
) -> Examination:
    """Look at the machine, read a slide whose pixels are known, and have a tiny network answer.

    Parameters
    ----------
    out : Path or None
        Folder for results.
    slides : sequence of Path
        Slides, folders or cohort CSVs that should be readable.
    models : sequence of Path
        Model bundles that should be readable.
    quick : bool
        Leave out what takes seconds: the network.
    host : Host or None
        None is this machine.
    ask : callable
        Loads the backend.
    """
    host = host or Host.here()
    own = [
        Check("OpenSlide", pixels.look),
        Check("slides", partial(sources.look, host, "slides", slides, "/slides")),
        Check("model", partial(sources.look, host, "model", models, "/models")),
    ]
    if not quick:
        own.append(Check("network", lambda: network.look(host, ask(), "infer")))
    return rounds(host, "layer3-infer", "infer", out, own, memory_needed=_MEMORY, gpus=True)
