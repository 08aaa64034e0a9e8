"""How a patch is cut from the levels of a slide: the one resampling of the project.

A level within 2 % of the asked scale is read unscaled. Otherwise the next finer level is read and
reduced by area: each pixel of the patch is the mean of what it covers. A patch begins on a whole
pixel of its level, the one nearest its corner, so no pixel is ever interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.patches import PatchSpec

_SEARCHED_PX: Final = 512
_MOST_OFF_PX: Final = 1 / 1000
"""OpenSlide was seen to interpolate from 1/512 px of the level on, where both axes are off."""


@dataclass(frozen=True)
class Cut:
    """What to read from a slide for patches of one kind. Never leaves the slide readers.

    Attributes
    ----------
    level : int
    edge : int, px of the level
        Edge of the square to read; the patch's size where nothing is reduced.
    downsample : float
        Level-0 pixels per pixel of the level.
    """

    level: int
    edge: int
    downsample: float

    @classmethod
    def of(cls, pyramid: Pyramid, spec: PatchSpec) -> Cut:
        """The cut of patches of `spec`, at a scale the slide holds.

        Examples
        --------
        >>> from common.geometry import Pyramid
        >>> from common.patches import PatchSpec
        >>> Cut.of(Pyramid(((8192, 8192), (2048, 2048)), mpp=0.25), PatchSpec(224, mpp=0.5))
        Cut(level=0, edge=448, downsample=1.0)
        """
        level = pyramid.level_for(spec.mpp)
        downsample = pyramid.downsample(level)
        return cls(level, max(1, round(spec.edge_on(pyramid) / downsample)), downsample)

    def aligned(self, start: int) -> int | None:
        """The last pixel of the level, at or before `start`, that begins on a pixel of level 0.

        Read from there, OpenSlide gives the level's own pixels; from elsewhere it would
        interpolate, because it counts places in pixels of level 0. None where none is near.

        Examples
        --------
        >>> Cut(1, 224, 2.0).aligned(7), Cut(1, 224, 2.25).aligned(7)
        (7, 4)
        """
        if self.downsample.is_integer():
            return start
        near = np.arange(start, start - _SEARCHED_PX, -1)
        off = np.abs(np.rint(near * self.downsample) / self.downsample - near)
        fitting = np.flatnonzero(off <= _MOST_OFF_PX)
        return int(near[fitting[0]]) if len(fitting) else None

    def on_level(self, xy: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Corners, (N, 2) level-0 px, as the nearest pixels of the level."""
        return np.rint(xy / self.downsample).astype(np.int64)

    def on_level0(self, xy: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Pixels of the level, (N, 2), as the nearest level-0 pixels."""
        return np.rint(xy * self.downsample).astype(np.int64)


def reduced(region: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """`region`, (H, W, 3) uint8, reduced by area to (width, height)."""
    result = cv2.resize(region, size, interpolation=cv2.INTER_AREA)
    return np.asarray(result, dtype=np.uint8)
