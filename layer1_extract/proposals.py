"""Where to look on one slide, and how many patches to keep of each stratum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layer1_extract.config import DenseSampling, ExtractSettings, RandomSampling
from layer1_extract.sampling.dense import dense_grid, part_rows, row_weights
from layer1_extract.sampling.random import distance_on, generator, propose_random
from layer1_extract.sampling.strata import quotas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from common.grid import Grid
    from layer1_extract.survey import Survey


@dataclass(frozen=True, eq=False)
class Proposals:
    """Corners to try in their order, until the quotas are filled.

    Attributes
    ----------
    xy : (N, 2) int64, level-0 px
    quota : mapping of stratum to int, or None
        None keeps everything that passes.
    """

    xy: npt.NDArray[np.int64]
    quota: Mapping[int, int] | None


def proposals(
    known: Survey, settings: ExtractSettings, part: int, parts: int
) -> Iterator[Proposals]:
    """The proposals of a slide, or of one of its parts.

    A part of dense sampling is a run of rows of the grid; of random sampling, one of its draws.
    All parts together propose what the whole slide does; nothing is drawn of a slide that is
    excluded.
    """
    sampling = settings.sampling
    if isinstance(sampling, DenseSampling):
        yield Proposals(part_grid(known, sampling, part, parts).corners(), None)
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
    first, last = part_rows(row_weights(known.mask, grid), part, parts)
    origin = (grid.origin[0], grid.origin[1] + first * grid.stride)
    return replace(grid, origin=origin, rows=last - first)


def _draws(known: Survey, sampling: RandomSampling, draws: Iterable[int]) -> Iterator[Proposals]:
    slide = known.slide
    every = propose_random(
        known.mask,
        slide.pyramid,
        known.spec,
        generator(sampling.seed, slide.slide_id),
        min_distance=distance_on(slide.pyramid, sampling.min_distance_um),
    )
    for draw in draws:
        quota = quotas(known.truth, sampling, draw)
        yield Proposals(every[draw :: sampling.draws], quota)
