"""Which patches of a slide are explained. Nothing is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt


def highest(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """Numbers of the patches of highest probability, highest first; ties by number.

    Examples
    --------
    >>> highest(np.array([0.2, 0.9, 0.5, 0.9], np.float32), 3).tolist()
    [1, 3, 2]
    """
    return np.argsort(-scores, kind="stable")[:count]


def least_sure(
    scores: npt.NDArray[np.float32], count: int, threshold: float
) -> npt.NDArray[np.intp]:
    """Numbers of the patches whose probability is closest to the threshold, closest first.

    Examples
    --------
    >>> least_sure(np.array([0.2, 0.9, 0.5], np.float32), 2, threshold=0.4).tolist()
    [2, 0]
    """
    return np.argsort(np.abs(scores.astype(np.float64) - threshold), kind="stable")[:count]


def at_places(
    coords: npt.NDArray[np.int64], edge: int, places: Sequence[tuple[int, int]]
) -> npt.NDArray[np.intp]:
    """Number of the patch at each place: the one with this corner, else the one most around it.

    A patch that several places lie in is given once.

    Parameters
    ----------
    coords : (N, 2) int64, level-0 px
        Corners of the patches.
    edge : int, level-0 px
        Of a patch.
    places : sequence of (x, y), level-0 px

    Raises
    ------
    ConfigError
        Naming a place in no patch, and the corner of the nearest one.

    Examples
    --------
    >>> at_places(np.array([[0, 0], [96, 0]]), 96, [(96, 0), (10, 90)]).tolist()
    [1, 0]
    """
    return _once(_at(coords, edge, place) for place in places)


def _at(coords: npt.NDArray[np.int64], edge: int, place: tuple[int, int]) -> int:
    wanted = f"--at: expected a place in a patch, found {place[0]},{place[1]}"
    if not len(coords):
        raise ConfigError(f"{wanted}. There is no patch")
    inside = (coords <= place) & (np.array(place) < coords + edge)
    from_middle = np.hypot(*(coords + edge / 2 - place).T)
    corner = (coords == place).all(axis=1)
    rank = np.lexsort((from_middle, ~inside.all(axis=1), ~corner))
    first = int(rank[0])
    if not inside[first].all():
        x, y = coords[first].tolist()
        raise ConfigError(f"{wanted}. The nearest patch has its corner at {x},{y}")
    return first


def numbered(count: int, rows: Sequence[int]) -> npt.NDArray[np.intp]:
    """The numbers themselves, each once, if there are that many patches.

    Raises
    ------
    ConfigError
        Naming the first that is too large.
    """
    wrong = [row for row in rows if not 0 <= row < count]
    if wrong:
        raise ConfigError(f"--row: expected numbers of {count} patches, from 0, found {wrong[0]}")
    return _once(rows)


def _once(rows: Iterable[int]) -> npt.NDArray[np.intp]:
    """Each number where it first stands."""
    return np.array(list(dict.fromkeys(rows)), dtype=np.intp)
