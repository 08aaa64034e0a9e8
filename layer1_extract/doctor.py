"""Whether this machine can extract patches."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from common.amounts import GB
from common.doctor import pixels, sources
from common.doctor.examination import Check
from common.doctor.host import Host
from common.doctor.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.doctor.examination import Examination

_MEMORY: Final = GB


def doctor(out: Path | None, slides: Sequence[Path], host: Host | None = None) -> Examination:
    """Look at the machine, and read a slide whose pixels are known.

    Parameters
    ----------
    out : Path or None
        Folder for results.
    slides : sequence of Path
        Slides, folders or cohort CSVs that should be readable.
    host : Host or None
        None is this machine.
    """
    host = host or Host.here()
    own = [
        Check("OpenSlide", pixels.look),
        Check("slides", partial(sources.look, host, "slides", slides, "/slides")),
    ]
    return rounds(host, "layer1-extract", "extract", out, own, memory_needed=_MEMORY)
