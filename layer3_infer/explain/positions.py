"""Maps of a patch in the positions the network is shown it in, brought back into its own frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from common.preprocessing import Preprocessing

    OneMap = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]


def averaged(
    patch: npt.NDArray[np.uint8], preprocessing: Preprocessing, one_map: OneMap
) -> npt.NDArray[np.float32]:
    """The mean over the positions of the map of each: that of the averaged answer.

    Where a pixel lies in a position is asked of `Preprocessing.positions` itself, which is given a
    patch that holds the number of each pixel.

    Parameters
    ----------
    patch : (S, S, 3) uint8, RGB
    preprocessing : Preprocessing
    one_map : callable
        (S, S, 3) uint8 in one position -> its map, (S, S) float32, in that position.

    Returns
    -------
    (S, S) float32
        In the frame of `patch`.
    """
    size = patch.shape[0]
    numbers = np.arange(size * size, dtype=np.uint32).reshape(1, size, size, 1)
    total, count = np.zeros(size * size, dtype=np.float64), 0
    places = preprocessing.positions(numbers)  # pyright: ignore[reportArgumentType]
    for shown, place in zip(preprocessing.positions(patch[None]), places, strict=True):
        total[place.ravel()] += one_map(shown[0]).ravel()
        count += 1
    return (total / count).reshape(size, size).astype(np.float32)
