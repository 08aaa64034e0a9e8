"""Times some patches of one slide on this machine."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from common.patch_file.writer import open_writer
from layer1_extract.cost import Cost
from layer1_extract.looking import looking
from layer1_extract.needs import screened, source_mpx
from layer1_extract.patch_header import header_of
from layer1_extract.proposals import proposals
from layer1_extract.survey import survey

if TYPE_CHECKING:
    from common.cohort import SlideEntry
    from layer1_extract.candidates import Candidates
    from layer1_extract.config import ExtractSettings
    from layer1_extract.survey import Survey

PATCHES: Final = 256


def calibrate(
    entry: SlideEntry, settings: ExtractSettings, masks: Path | None = None
) -> Cost | None:
    """What patches of this slide cost here, in one thread; None where it has none.

    Reads and judges about 256 patches, neighbours from the middle of the tissue with dense
    sampling and some from all over it with random sampling, and stores them in a file that is
    thrown away.

    Raises
    ------
    SlideError
        If the slide cannot be read.
    """
    known = survey(entry, settings, masks)
    some = _some(known, settings)
    if not some:
        return None
    seconds, pixel_bytes = _timed(entry, known, settings, some)
    jpeg_bytes = pixel_bytes if settings.storage.codec == "jpeg" else 0.0
    return Cost(
        read_s=seconds / (source_mpx(known) * len(some)),
        store_s=0.0,  # is in what was timed
        jpeg_bytes=jpeg_bytes or Cost.known(settings).jpeg_bytes,
        measured=True,
    )


def _some(known: Survey, settings: ExtractSettings) -> Candidates | None:
    """At most `PATCHES` candidates that are admitted, as extraction would meet them."""
    first = next(proposals(known, settings, 0, 1), None)
    if first is None:
        return None
    steps = [step.take(step.reasons == 0) for step in screened(known, settings, first)]
    if not steps:
        return None
    admitted = steps[0].joined(steps[1:])
    if first.quota is None:
        start = max(0, (len(admitted) - PATCHES) // 2)
        return admitted.take(np.arange(start, min(start + PATCHES, len(admitted))))
    some = admitted.take(np.arange(min(PATCHES, len(admitted))))
    return some.take(np.lexsort((some.xy[:, 0], some.xy[:, 1])))


def _timed(
    entry: SlideEntry, known: Survey, settings: ExtractSettings, some: Candidates
) -> tuple[float, float]:
    """Processor time, s, and bytes stored per pixel, of these patches; 0 where none is kept."""
    storage, header = settings.storage, header_of(entry, known, settings, 0, 1)
    kept = 0
    with tempfile.TemporaryDirectory(prefix="camnet-") as folder:
        path = Path(folder) / header.file_name
        start = time.process_time()
        with open_writer(path, header, storage.codec, storage.quality) as writer:
            for looked in looking(known.slide, known.spec, settings, 1)(some.xy):
                rows = np.arange(looked.start, looked.stop)[looked.reasons == 0]
                good, kept = some.take(rows), kept + len(rows)
                writer.append(
                    good.xy, good.labels, good.tumor_fraction, good.tissue_fraction, looked.stored
                )
            writer.finish()
        seconds = time.process_time() - start
        return seconds, path.stat().st_size / (kept * known.spec.size**2) if kept else 0.0
