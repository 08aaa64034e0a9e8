"""What one slide will give, told from its thumbnail and annotation."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layer1_extract.candidates import screening
from layer1_extract.proposals import proposals
from layer1_extract.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer1_extract.candidates import Candidates
    from layer1_extract.config import ExtractSettings
    from layer1_extract.proposals import Proposals
    from layer1_extract.survey import Survey

_ROWS = 65_536


@dataclass(frozen=True)
class Need:
    """What extracting one slide takes.

    Attributes
    ----------
    slide_id : str
    candidates : int
        Places looked at on the mask.
    patches : int
        Of which mask and annotation admit so many, at most the quota with random sampling. Those
        whose pixels show too much white or black are among them.
    patch_size : int, px
    source_mpx : float
        Pixels of the slide read for one patch, millions.
    survey_s : float, s
        Processor time it took to look at the slide from afar, which each part does anew, twice:
        for the mask and for the preview.
    """

    slide_id: str
    candidates: int
    patches: int
    patch_size: int
    source_mpx: float
    survey_s: float


def need_of(entry: SlideEntry, settings: ExtractSettings, masks: Path | None) -> Need:
    """Look at one slide.

    Raises
    ------
    SlideError
        If the slide or its annotation cannot be read.
    """
    start = time.process_time()
    known = survey(entry, settings, masks)
    survey_s = time.process_time() - start
    candidates = patches = 0
    for some in proposals(known, settings, 0, 1):
        looked_at, admitted = _admitted(known, settings, some)
        candidates, patches = candidates + looked_at, patches + admitted
    return Need(
        slide_id=entry.slide_id,
        candidates=candidates,
        patches=patches,
        patch_size=known.spec.size,
        source_mpx=source_mpx(known),
        survey_s=survey_s,
    )


def screened(known: Survey, settings: ExtractSettings, some: Proposals) -> Iterator[Candidates]:
    """Proposals as mask and annotation judge them, a bounded number at a time."""
    mpp = known.slide.pyramid.mpp
    screen = screening(known.mask, known.truth, known.edge, settings, mpp=mpp)
    for start in range(0, len(some.xy), _ROWS):
        yield screen(some.xy[start : start + _ROWS])


def _admitted(known: Survey, settings: ExtractSettings, some: Proposals) -> tuple[int, int]:
    """Numbers of places looked at, and of those that are admitted, up to the quotas."""
    looked_at = 0
    found: Counter[int] = Counter()
    for step in screened(known, settings, some):
        looked_at += len(step)
        found.update(step.strata[step.reasons == 0].tolist())
        quota = some.quota
        if quota is not None and all(found[key] >= number for key, number in quota.items()):
            break
    if some.quota is None:
        return looked_at, found.total()
    return looked_at, sum(min(found[key], number) for key, number in some.quota.items())


def source_mpx(known: Survey) -> float:
    """Millions of pixels of the slide that are read for one patch."""
    pyramid = known.slide.pyramid
    downsample = pyramid.downsample(pyramid.level_for(known.spec.mpp))
    return (known.edge / downsample) ** 2 / 1e6
