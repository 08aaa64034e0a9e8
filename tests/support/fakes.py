"""Stand-ins for what is slow or large: a slide painted by a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from common.geometry import Pyramid
from common.one_by_one import OneByOne
from common.patches import PatchSpec

Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Level-0 (x, y) of any shape to RGB of that shape, uint8."""


@dataclass(frozen=True)
class FakeSlide:
    """A slide of one level whose pixels are computed; white outside. See `common.slides.Slide`."""

    pyramid: Pyramid
    paint: Paint
    slide_id: str = "fake"
    mpp_source: str = "fake"
    reader: str = "fake 1"
    fingerprint: str = "f" * 64
    overview_lost: float = 0.0

    def spec_for(self, spec: PatchSpec) -> PatchSpec:
        return spec.on(self.pyramid)

    def read(self, x: int, y: int, spec: PatchSpec) -> np.ndarray:
        edge = spec.edge_on(self.pyramid)
        region = self._region(x, y, edge, edge)
        return region if edge == spec.size else _reduced(region, spec.size, spec.size)

    def reading(self, xy: np.ndarray, spec: PatchSpec) -> OneByOne:
        return OneByOne(self, xy, self.spec_for(spec))

    def thumbnail(self, mpp: float) -> np.ndarray:
        factor = max(1.0, mpp / self.pyramid.mpp)
        whole = self._region(0, 0, self.pyramid.width, self.pyramid.height)
        width, height = (max(1, round(n / factor)) for n in self.pyramid.sizes[0])
        return _reduced(whole, width, height)

    def _region(self, x: int, y: int, width: int, height: int) -> np.ndarray:
        at_y, at_x = np.mgrid[y : y + height, x : x + width]
        pixels = np.asarray(self.paint(at_x, at_y), dtype=np.uint8)
        inside = (at_x >= 0) & (at_y >= 0)
        inside &= (at_x < self.pyramid.width) & (at_y < self.pyramid.height)
        return np.where(inside[..., None], pixels, np.uint8(255))


def _reduced(region: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(cv2.resize(region, (width, height), interpolation=cv2.INTER_AREA))


def painted(squares: dict[tuple[int, int, int, int], tuple[int, int, int]]) -> Paint:
    """White with rectangles (left, top, right, bottom), level-0 px, each of its colour."""

    def paint(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        rgb = np.full((*x.shape, 3), 255, dtype=np.uint8)
        for (left, top, right, bottom), colour in squares.items():
            rgb[(x >= left) & (x < right) & (y >= top) & (y < bottom)] = colour
        return rgb

    return paint
