"""Where to look on one slide, and how many patches to keep of each stratum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from layer1_extract.config import DenseSampling, ExtractSettings, RandomSampling
from layer1_extract.sampling.dense import dense_grid, part_rows, row_weights
from layer1_extract.sampling.random import distance_on, generator, propose_random
from layer1_extract.sampling.strata import quotas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from common.grid import Grid
    from layer1_extract.survey import Survey

_BAND: Final = 1 << 18
"""Corners of a grid proposed together."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Corners to try in their order, until the quotas are filled.

    Attributes
    ----------
    xy : (N, 2) int64, level-0 px
    quota : mapping of stratum to int, or None
        None keeps everything that passes.
    begin, end : float
        How much of the work is done before these are tried, and after, 0 to 1.
    """

    xy: npt.NDArray[np.int64]
    quota: Mapping[int, int] | None
    begin: float
    end: float


def proposals(
    known: Survey, settings: ExtractSettings, part: int, parts: int
) -> Iterator[Proposals]:
    """The proposals of a slide, or of one of its parts.

    A grid comes in bands of rows, from top to bottom, so that memory does not grow with it. A part
    of dense sampling is a run of rows; of random sampling, one of its draws. All parts together
    propose what the whole slide does; nothing is drawn of a slide that is excluded.
    """
    sampling = settings.sampling
    if isinstance(sampling, DenseSampling):
        grid, done = part_grid(known, sampling, part, parts), 0
        for band in grid.bands(_BAND):
            begin, done = done, done + band.rows
            yield Proposals(band.corners(), None, begin / grid.rows, done / grid.rows)
        return
    if parts not in {1, sampling.draws}:
        raise ValueError(f"random sampling of {sampling.draws} draws has no {parts} parts")
    if not known.truth.excluded:
        yield from _draws(known, sampling, [part] if parts > 1 else range(sampling.draws))


def part_grid(known: Survey, sampling: DenseSampling, part: int, parts: int) -> Grid:
    """The rows of the slide's grid that are one of its parts; all of them where it has but one."""
    grid = dense_grid(known.slide.pyramid, known.spec, sampling.stride)
    if parts == 1:
        return grid
    return grid.rows_of(*part_rows(row_weights(known.mask, grid), part, parts))


def _draws(known: Survey, sampling: RandomSampling, draws: Sequence[int]) -> Iterator[Proposals]:
    slide = known.slide
    every = propose_random(
        known.mask,
        slide.pyramid,
        known.spec,
        generator(sampling.seed, slide.slide_id),
        min_distance=distance_on(slide.pyramid, sampling.min_distance_um),
    )
    for at, draw in enumerate(draws):
        quota = quotas(known.truth, sampling, draw)
        begin, end = at / len(draws), (at + 1) / len(draws)
        yield Proposals(every[draw :: sampling.draws], quota, begin, end)
