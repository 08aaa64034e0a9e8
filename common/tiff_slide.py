"""Tiled JPEG slides read at the speed of the decoder.

The slide is OpenSlide's in everything but the reading of many patches: there each tile is decoded
once, and patches are cut from it without the compositing and conversion that take most of
OpenSlide's time. A level is read so only after sample regions of it were equal to OpenSlide's.
"""

from __future__ import annotations

import os
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import PixelError, SlideError
from common.resampling import Cut
from common.tiff_layout import TiledLevel, tiled_levels
from common.tile_reading import TileReading

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.openslide_slide import OpenSlideSlide
    from common.patches import PatchSpec
    from common.slides import Reading

READER: Final = f"tifffile {version('tifffile')}, imagecodecs {version('imagecodecs')}"
_SAMPLE_PX: Final = 96
_SEARCHED: Final = 512
_MOST_OFF: Final = 1 / 300
"""Px of the level. OpenSlide places level-0 pixels between those of a level; this near it takes
them for whole ones: its interpolation knows 1/128 px."""


class TiffSlide:
    """A slide whose tiles are decoded here where they can be. See `common.slides.Slide`.

    Parameters
    ----------
    slide : OpenSlideSlide
        The same slide, for all but the reading of many patches.
    required : bool
        Whether a level that cannot be read here is an error; else OpenSlide reads it.
    """

    def __init__(self, slide: OpenSlideSlide, *, required: bool = False) -> None:
        self._slide = slide
        self._required = required
        self._proven: dict[int, str] = {}
        self._descriptor = -1
        self._owner = -1

    @property
    def slide_id(self) -> str:
        """Key of this slide in every file the project writes."""
        return self._slide.slide_id

    @property
    def pyramid(self) -> Pyramid:
        """Sizes and scale of the levels."""
        return self._slide.pyramid

    @property
    def mpp_source(self) -> str:
        """``stated`` by the user, or the property of the slide that says the same."""
        return self._slide.mpp_source

    @property
    def fingerprint(self) -> str:
        """Hash of the content, free of path and time."""
        return self._slide.fingerprint

    def spec_for(self, spec: PatchSpec) -> PatchSpec:
        """The patch this slide really gives for `spec`. See `common.slides.Slide.spec_for`."""
        return self._slide.spec_for(spec)

    def read(self, x: int, y: int, spec: PatchSpec) -> npt.NDArray[np.uint8]:
        """Pixels of one patch, read by OpenSlide. See `common.slides.Slide.read`."""
        return self._slide.read(x, y, spec)

    def thumbnail(self, mpp: float) -> npt.NDArray[np.uint8]:
        """The whole slide at `mpp`, read by OpenSlide. See `common.slides.Slide.thumbnail`."""
        return self._slide.thumbnail(mpp)

    def reading(self, xy: npt.NDArray[np.int64], spec: PatchSpec) -> Reading:
        """Many patches. See `common.slides.Slide.reading`.

        Raises
        ------
        SlideError
            If no level is as fine as `spec` asks, or this reader is required and cannot read it.
        """
        on_slide = self.spec_for(spec)
        cut = Cut.of(self.pyramid, on_slide)
        if why_not := self._why_not(cut):
            if self._required:
                raise SlideError(
                    f"{self._slide.path}: slide.reader: expected a level this reader can read, "
                    f"found {why_not}. Use slide.reader=auto"
                )
            return self._slide.reading(xy, spec)
        return self._tiles(cut, xy, on_slide.size)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_descriptor": -1, "_owner": -1}

    def __del__(self) -> None:
        if self._owner == os.getpid():
            os.close(self._descriptor)

    @cached_property
    def _levels(self) -> dict[int, TiledLevel]:
        return tiled_levels(self._slide.path, self.pyramid.sizes)

    def _tiles(self, cut: Cut, xy: npt.NDArray[np.int64], size: int) -> TileReading:
        stored = self._levels[cut.level]
        return TileReading(stored, self._open(), cut, cut.on_level(xy), size, READER)

    def _open(self) -> int:
        if self._owner != os.getpid():
            self._descriptor = os.open(self._slide.path, os.O_RDONLY)
            self._owner = os.getpid()
        return self._descriptor

    def _why_not(self, cut: Cut) -> str:
        """Why OpenSlide must read this level; empty where this reader can."""
        if cut.level not in self._proven:
            self._proven[cut.level] = self._objection(cut)
        return self._proven[cut.level]

    def _objection(self, cut: Cut) -> str:
        if cut.level not in self._levels:
            return "a level that is not stored as tiles of JPEG"
        corners = _samples(self._levels[cut.level], cut)
        if not len(corners):
            return "a level whose pixels lie between those of level 0"
        whole = Cut(cut.level, _SAMPLE_PX, cut.downsample)
        stored = self._levels[cut.level]
        ours = TileReading(stored, self._open(), whole, corners, _SAMPLE_PX, READER)
        patches, _ = ours.read(0, len(corners))
        for patch, (x, y) in zip(patches, corners.tolist(), strict=True):
            try:
                theirs = self._slide.region(x, y, whole, (_SAMPLE_PX, _SAMPLE_PX))
            except PixelError:
                continue  # neither can say what is there
            if not np.array_equal(patch, theirs):
                return f"pixels other than OpenSlide's at ({x}, {y}) of level {cut.level}"
        return ""


def _samples(stored: TiledLevel, cut: Cut) -> npt.NDArray[np.int64]:
    """Corners of squares to compare, (N, 2) px of the level: each over the corner of four tiles.

    The tiles with most bytes show most; a tile that is missing, the first, and the last, which the
    edge of the level cuts, are the special cases.
    """
    lengths = stored.lengths.ravel()
    order = np.argsort(lengths, kind="stable")
    ranks = [-1, -1 - len(order) // 20, -1 - len(order) // 5, len(order) // 2, 0]
    numbers = sorted({int(order[rank]) for rank in ranks} | {0, len(order) - 1})
    rows, columns = np.divmod(np.array(numbers, dtype=np.int64), stored.lengths.shape[1])
    ends = np.stack([(columns + 1) * stored.tile_width, (rows + 1) * stored.tile_height], axis=1)
    corners = np.minimum(ends, (stored.width, stored.height)) - _SAMPLE_PX // 2
    settled = [[_on_level0(int(at), cut) for at in corner] for corner in np.maximum(corners, 0)]
    whole = [corner for corner in settled if None not in corner]
    return np.array(whole, dtype=np.int64).reshape(len(whole), 2)


def _on_level0(start: int, cut: Cut) -> int | None:
    """The pixel of the level nearest `start` that begins on a pixel of level 0; None if none."""
    near = np.arange(max(0, start - _SEARCHED), start + 1)[::-1]
    off = np.abs(np.rint(near * cut.downsample) / cut.downsample - near)
    fitting = np.flatnonzero(off <= _MOST_OFF)
    return int(near[fitting[0]]) if len(fitting) else None
