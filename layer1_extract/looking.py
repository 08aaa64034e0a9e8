"""Reading patches and judging them by their pixels, spread over threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.ahead import ahead
from common.patch_file.codec import encoded
from common.patch_file.schema import REASONS
from layer1_extract.filtering import pixel_reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt

    from common.patch_file.codec import Stored
    from common.patches import PatchSpec
    from common.slides import Reading, Slide
    from layer1_extract.config import ExtractSettings

_STRETCH_BYTES: Final = 5 << 19
"""Pixels read, judged and encoded together: few enough to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Looked:
    """What came of some consecutive places.

    Attributes
    ----------
    start, stop : int
        Which of the places.
    reasons : (K,) uint8
        Why each patch is rejected, a code of `REASONS`; 0 where it is kept.
    stored : array, list or None
        The kept patches, as the codec stores them.
    """

    start: int
    stop: int
    reasons: npt.NDArray[np.uint8]
    stored: Stored


def looking(
    slide: Slide, spec: PatchSpec, settings: ExtractSettings, threads: int
) -> Callable[[npt.NDArray[np.int64]], Iterator[Looked]]:
    """A function from corners to what their patches show, in the order of the corners.

    Parameters
    ----------
    slide : Slide
    spec : PatchSpec
    settings : ExtractSettings
    threads : int
        That read, judge and encode; what comes does not depend on it.

    Returns
    -------
    callable
        (N, 2) int64 level-0 corners, best by row and column, to an iterator of `Looked`.
    """

    def look(xy: npt.NDArray[np.int64]) -> Iterator[Looked]:
        reading = slide.reading(xy, spec)
        step = max(1, _STRETCH_BYTES // (spec.size**2 * 3))

        def work(start: int) -> Looked:
            return _looked(reading, start, min(start + step, len(xy)), settings)

        return ahead(work, range(0, len(xy), step), threads)

    return look


def _looked(reading: Reading, start: int, stop: int, settings: ExtractSettings) -> Looked:
    patches, readable = reading.read(start, stop)
    reasons = pixel_reasons(patches, settings.filter)
    reasons[~readable] = REASONS["unreadable"]
    kept = patches if not reasons.any() else patches[reasons == 0]
    storage = settings.storage
    return Looked(start, stop, reasons, encoded(kept, storage.codec, storage.quality))
