"""From patches of slides to answers: each thread reads a batch and has it answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from common.ahead import ahead
from common.errors import PixelError
from common.outcomes import Held, held
from common.preprocessing import slide_stain
from common.stain import Unchanged, spread
from layer3_infer.batching import Patches, Span, filled
from layer3_infer.heatmap import Heatmap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from common.patches import PatchSpec
    from common.prediction import Predictor
    from common.preprocessing import Preprocessing
    from common.slides import Reading, Slide
    from common.stain import Stain
    from layer3_infer.locations import DenseLocations

    Answers = Held[npt.NDArray[np.float32]]

P = TypeVar("P", bound=Patches)


@dataclass(eq=False)
class SlidePatches:
    """Patches of one slide, read as the network sees them.

    Attributes
    ----------
    slide_id : str
    xy : (N, 2) int64, level-0 px
        Corners, by row, then by column.
    reading : Reading
        Of the same corners.
    stain : Stain
        What is done to their colours.
    given_up : bool
        Whether no more of them are wanted.
    """

    slide_id: str
    xy: npt.NDArray[np.int64]
    reading: Reading
    stain: Stain = field(default_factory=Unchanged)
    given_up: bool = False

    @classmethod
    def of(
        cls,
        slide: Slide,
        xy: npt.NDArray[np.int64],
        spec: PatchSpec,
        stain: Stain | None = None,
    ) -> SlidePatches:
        """The patches of `slide` at the corners `xy`; None leaves the colours as scanned."""
        return cls(slide.slide_id, xy, slide.reading(xy, spec), stain or Unchanged())

    def __len__(self) -> int:
        return len(self.xy)

    def read(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Pixels of the patches `start` to `stop`, (K, S, S, 3) uint8 RGB.

        Raises
        ------
        PixelError
            Where a patch does not decode.
        """
        patches, readable = self.reading.read(start, stop)
        if not readable.all():
            x, y = self.xy[start + int(np.argmin(readable))].tolist()
            raise PixelError(
                f"{self.slide_id}: pixels at ({x}, {y}): expected pixels that decode, found "
                "damage. Copy the slide anew"
            )
        return self.stain(patches)


def answered(
    slides: Iterable[P], predictor: Predictor, workers: int
) -> Iterator[tuple[Span[P], Answers]]:
    """The answers for the patches of many slides, in order; bit-identical for any `workers`.

    A few batches of pixels are in memory, however large the slides. A slide whose patches cannot
    be read has an error in place of answers, and takes none of another slide with it.

    Parameters
    ----------
    slides : iterable of Patches
        Each asked for when it is needed.
    predictor : Predictor
    workers : int
        Threads; each reads a batch, changes its colours and waits for the network's answers.

    Yields
    ------
    span : Span
        Every patch is in one; a slide without patches has an empty one.
    answers : Held
        (K,) float32 when called.
    """
    for batch in ahead(partial(_answer, predictor), filled(slides, predictor.batch_size), workers):
        yield from batch


def _answer(predictor: Predictor, batch: Sequence[Span[P]]) -> list[tuple[Span[P], Answers]]:
    """One batch; where something in it is wrong, each of its slides by itself."""
    read = [held(span.read) for span in batch if len(span)]
    together = held(lambda: _scores(predictor, read))
    if together.error is None:
        ends = np.cumsum([len(span) for span in batch])[:-1]
        return list(zip(batch, map(Held, np.split(together(), ends)), strict=True))
    alone = (held(partial(_scores, predictor, [patches])) for patches in read)
    return [(span, next(alone) if len(span) else held(_no_scores)) for span in batch]


def _scores(
    predictor: Predictor, read: Sequence[Held[npt.NDArray[np.uint8]]]
) -> npt.NDArray[np.float32]:
    if len(read) == 1:
        return predictor(read[0]())
    return predictor(np.concatenate([patches() for patches in read])) if read else _no_scores()


def _no_scores() -> npt.NDArray[np.float32]:
    return np.empty(0, dtype=np.float32)


def predict(
    slide: Slide,
    locations: DenseLocations,
    spec: PatchSpec,
    predictor: Predictor,
    *,
    stain: Stain | None = None,
    workers: int = 1,
) -> Heatmap:
    """The heatmap of one slide, from all its locations.

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
        Threads.

    Raises
    ------
    SlideError
        If a patch cannot be read.
    ContractError
        If the network answers something else than a probability: NaN would read as not analysed.
    """
    patches = SlidePatches.of(slide, locations.xy, spec, stain)
    scores = [answers() for _, answers in answered([patches], predictor, workers)]
    return Heatmap.of(locations.grid, locations.xy, np.concatenate(scores))


def stain_of(
    slide: Slide, locations: DenseLocations, spec: PatchSpec, preprocessing: Preprocessing
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
    patches = SlidePatches.of(slide, sample, spec)
    return slide_stain(slide.slide_id, patches.read(0, len(patches)), preprocessing)
