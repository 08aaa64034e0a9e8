"""A concept's values in other places of the same slides, as smooth or as rough as they were.

Neighbouring patches are alike, in a concept as in a layer. Values in any order would be rough, and
two things that are merely smooth, each in its own way, would go together far more often than a
concept and its copies do. So each slide's values are taken apart into waves over its patches, the
waves' signs are drawn anew, and the slide's own values are put in the order of what comes out:
Moran spectral randomisation, Wagner and Dray 2015, doi:10.1111/2041-210X.12407, its singletons,
with the original values put back by rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ground:
    """One slide's patches, and the waves over them.

    Attributes
    ----------
    rows : (M,) int64
    waves : (M, M - 1) float64 or None
        Orthonormal, each of mean 0, whatever their order; None where places are not known.
    """

    rows: npt.NDArray[np.int64]
    waves: Matrix | None


def grounds(
    slides: npt.NDArray[np.int64], places: npt.NDArray[np.int64] | None = None
) -> list[Ground]:
    """The ground of each slide.

    Parameters
    ----------
    slides : (N,) int64
    places : (N, 2) int64, optional
        Where each patch lies, in any unit; a slide with a negative one has none.
    """
    found = []
    for slide in np.unique(slides).tolist():
        rows = np.flatnonzero(slides == slide)
        known = places is not None and bool((places[rows] >= 0).all())
        found.append(Ground(rows, waves(places[rows]) if known and places is not None else None))
    return found


def waves(places: npt.NDArray[np.int64]) -> Matrix:
    """Waves over patches at `places` (M, 2): (M, M - 1).

    Principal coordinates of the distances between them: the long waves of a field that is alike
    where it is near are among them at whatever distance it changes.
    """
    apart = places[:, None].astype(np.float64) - places
    near = -np.hypot(apart[..., 0], apart[..., 1])
    near -= near.mean(axis=0)
    near -= near.mean(axis=1, keepdims=True)
    even = max(1.0, 2 * float(np.abs(near).sum()))  # greater than any wave's eigenvalue
    return np.linalg.eigh(near + even / len(places))[1][:, :-1]


def shuffles(
    concept: npt.NDArray[np.float64], over: Sequence[Ground], count: int, rng: np.random.Generator
) -> Matrix:
    """A concept's values in other places of their slides: (N, count) float64.

    Within slides, not over all: a concept that only tells one slide from another, as whatever
    follows the stain does, keeps what it has of that, and is no better than its shuffled selves.
    Where places are not known, in any order.

    Parameters
    ----------
    concept : (N,) float64
    over : sequence of Ground
        Together they hold each row once.
    count : int
    rng : Generator
    """
    shuffled = np.empty((len(concept), count), dtype=np.float64)
    for ground in over:
        own = concept[ground.rows]
        if ground.waves is None:
            copies = rng.permuted(np.tile(own, (count, 1)), axis=1)
        else:
            parts = ground.waves.T @ (own - own.mean())
            turned = parts * rng.choice((-1.0, 1.0), size=(count, len(parts)))
            order = np.argsort(turned @ ground.waves.T, axis=1)
            copies = np.empty((count, len(own)))
            np.put_along_axis(copies, order, np.sort(own)[None], axis=1)
        shuffled[ground.rows] = copies.T
    return shuffled
