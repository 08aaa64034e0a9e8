"""Tiles of a slide, read when they are asked for."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.patches import PatchSpec
from layer3_infer.viewer.deep_zoom import DeepZoom
from layer3_infer.viewer.pictures import encoded

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.slides import Slide

_OVERVIEW: Final = 2_048
"""Longest side, px, of the picture that coarse tiles are cut from: a slide need not have levels
that coarse, and making one tile of all its pixels would read them all."""

_DRIFT: Final = 0.25
"""Most px by which a tile may end elsewhere than its neighbour begins."""


class SlideTiles:
    """JPEG tiles of one slide's scanned area. Threads may share it; one reads at a time.

    Parameters
    ----------
    slide : Slide
    tile : int, px
    quality : int, 1 to 100
    """

    def __init__(self, slide: Slide, tile: int, quality: int) -> None:
        self.slide = slide
        self.quality = quality
        self.zoom = DeepZoom(slide.pyramid.width, slide.pyramid.height, tile)
        self._lock = threading.Lock()

    def jpeg(self, level: int, column: int, row: int) -> bytes:
        """One tile.

        Raises
        ------
        SlideError
            If it cannot be read.
        """
        with self._lock:
            pixels = self.pixels(level, column, row)
        return encoded(pixels, ".jpg", self.quality)

    def pixels(self, level: int, column: int, row: int) -> npt.NDArray[np.uint8]:
        """One tile, (H, W, 3) uint8 RGB."""
        zoom = self.zoom
        height, width = zoom.shape(level, column, row)
        if max(zoom.size(level)) <= _OVERVIEW // 2:
            left, top = column * zoom.tile, row * zoom.tile
            return self._shrunk(level)[top : top + height, left : left + width]
        box = zoom.box(level, column, row)
        return self._read(box.x, box.y, zoom.factor(level))[:height, :width]

    def _read(self, x: int, y: int, factor: int) -> npt.NDArray[np.uint8]:
        """A whole square tile whose px are `factor` level-0 px, however the levels are scaled."""
        tile, mpp = self.zoom.tile, self.slide.pyramid.mpp * factor
        given = self.slide.spec_for(PatchSpec(tile, mpp)).mpp
        size = round(tile * mpp / given)
        if abs(tile * mpp / given - tile) <= _DRIFT:
            size = tile
        pixels = self.slide.read(x, y, PatchSpec(size, given))
        if size == tile:
            return pixels
        return np.asarray(cv2.resize(pixels, (tile, tile), interpolation=cv2.INTER_AREA), np.uint8)

    def _shrunk(self, level: int) -> npt.NDArray[np.uint8]:
        width, height = self.zoom.size(level)
        picture = self._overview
        if picture.shape[:2] == (height, width):
            return picture
        factor = self.zoom.factor(level)
        seen = self.zoom.width / factor, self.zoom.height / factor
        target = max(1, round(seen[0])), max(1, round(seen[1]))
        small = cv2.resize(picture, target, interpolation=cv2.INTER_AREA)
        whole = np.full((height, width, 3), 255, dtype=np.uint8)
        whole[: target[1], : target[0]] = small
        return whole

    @cached_property
    def _overview(self) -> npt.NDArray[np.uint8]:
        longest = max(self.zoom.width, self.zoom.height)
        return self.slide.thumbnail(self.slide.pyramid.mpp * max(1.0, longest / _OVERVIEW))
