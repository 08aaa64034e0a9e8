"""From a slide to a heatmap: pixels are read ahead while the network answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.ahead import ahead
from common.errors import ContractError, PixelError
from common.preprocessing import slide_stain
from common.progress import progress
from common.stain import Unchanged, spread
from layer3_infer.heatmap import Heatmap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from common.patches import PatchSpec
    from common.prediction import Predictor
    from common.preprocessing import Preprocessing
    from common.slides import Slide
    from common.stain import Stain
    from layer3_infer.locations import DenseLocations

_SAMPLE_BATCH: Final = 16


def predict(
    slide: Slide,
    locations: DenseLocations,
    spec: PatchSpec,
    predictor: Predictor,
    *,
    stain: Stain | None = None,
    workers: int = 1,
) -> Heatmap:
    """The answer for every location; bit-identical for any number of workers.

    Parameters
    ----------
    slide : Slide
    locations : DenseLocations
    spec : PatchSpec
        The patches the network takes.
    predictor : Predictor
    stain : Stain or None
        What is done to the colours of the slide; None leaves them as scanned.
    workers : int
        Threads that read pixels, and change their colours.

    Raises
    ------
    SlideError
        If a patch cannot be read.
    ContractError
        If the network answers something else than a probability: NaN would read as not analysed.
    """
    scores = np.empty(len(locations.xy), dtype=np.float32)
    done = 0
    with progress(None, slide.slide_id, total=len(scores), unit="patch") as bar:
        size = predictor.batch_size
        for patches in read_ahead(slide, locations.xy, spec, size, workers, stain=stain):
            scores[done : done + len(patches)] = predictor(patches)
            done += len(patches)
            bar.update(len(patches))
    wrong = int((~((scores >= 0) & (scores <= 1))).sum())
    if wrong:
        found = f"something else for {wrong} of {len(scores)} patches"
        raise ContractError(
            slide.slide_id, "answers of the model", "0 to 1", found, "Train it anew"
        )
    return Heatmap.of(locations.grid, locations.xy, scores)


def stain_of(
    slide: Slide,
    locations: DenseLocations,
    spec: PatchSpec,
    preprocessing: Preprocessing,
    *,
    workers: int = 1,
) -> Stain:
    """What is done to the colours of a slide, measured on patches spread over its locations.

    These are the slide's alone: nothing depends on workers, shards or other slides.

    Raises
    ------
    SlideError
        If one of them cannot be read.
    """
    if preprocessing.stain == "none" or not len(locations.xy):
        return Unchanged()
    sample = locations.xy[spread(len(locations.xy), preprocessing.patches)]
    patches = np.concatenate(list(read_ahead(slide, sample, spec, _SAMPLE_BATCH, workers)))
    return slide_stain(slide.slide_id, patches, preprocessing)


def read_ahead(
    slide: Slide,
    xy: npt.NDArray[np.int64],
    spec: PatchSpec,
    batch_size: int,
    workers: int,
    *,
    stain: Stain | None = None,
) -> Iterator[npt.NDArray[np.uint8]]:
    """Pixels of the patches at `xy`, in order, in batches of `batch_size`; the last may be smaller.

    A few batches are in memory, however large the slide. `stain` is applied by who reads.

    Yields
    ------
    (B, S, S, 3) uint8, RGB

    Raises
    ------
    PixelError
        Where a patch does not decode.
    """
    reading = slide.reading(xy, spec)

    def read(start: int) -> npt.NDArray[np.uint8]:
        patches, readable = reading.read(start, min(start + batch_size, len(xy)))
        if not readable.all():
            x, y = xy[start + int(np.argmin(readable))].tolist()
            raise PixelError(
                f"{slide.slide_id}: pixels at ({x}, {y}): expected pixels that decode, found "
                "damage. Copy the slide anew"
            )
        return patches if stain is None else stain(patches)

    return ahead(read, range(0, len(xy), batch_size), workers)
