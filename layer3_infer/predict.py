"""From a slide to a heatmap: pixels are read ahead while the network answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.ahead import ahead
from common.errors import ContractError, PixelError
from common.progress import progress
from layer3_infer.heatmap import Heatmap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from common.patches import PatchSpec
    from common.prediction import Predictor
    from common.slides import Slide
    from layer3_infer.locations import DenseLocations


def predict(
    slide: Slide,
    locations: DenseLocations,
    spec: PatchSpec,
    predictor: Predictor,
    *,
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
    workers : int
        Threads that read pixels.

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
        for patches in read_ahead(slide, locations.xy, spec, predictor.batch_size, workers):
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


def read_ahead(
    slide: Slide, xy: npt.NDArray[np.int64], spec: PatchSpec, batch_size: int, workers: int
) -> Iterator[npt.NDArray[np.uint8]]:
    """Pixels of the patches at `xy`, in order, in batches of `batch_size`; the last may be smaller.

    A few batches are in memory, however large the slide.

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
        return patches

    return ahead(read, range(0, len(xy), batch_size), workers)
