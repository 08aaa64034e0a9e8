"""Tiled JPEG slides read at the speed of the decoder.

The slide is OpenSlide's in everything but the reading of many patches: there each tile is decoded
once, and patches are cut from it without the compositing and conversion that take most of
OpenSlide's time. A level is read so only after sample regions of it were equal to OpenSlide's.
"""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import PixelError, SlideError
from common.resampling import Cut
from common.tiff_layout import TiledLevel, tiled_levels
from common.tile_file import TileFile
from common.tile_reading import TileReading

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.openslide_slide import OpenSlideSlide
    from common.patches import PatchSpec
    from common.slides import Reading

READER: Final = f"tifffile {version('tifffile')}, simplejpeg {version('simplejpeg')}"
_SAMPLE_PX: Final = 96
_FEW: Final = 3


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
        self._file: TileFile | None = None

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

    @property
    def overview_lost(self) -> float:
        """Share of a thumbnail that did not decode. See `common.slides.Slide.overview_lost`."""
        return self._slide.overview_lost

    def spec_for(self, spec: PatchSpec) -> PatchSpec:
        """The patch this slide really gives for `spec`. See `common.slides.Slide.spec_for`."""
        return self._slide.spec_for(spec)

    def read(self, x: int, y: int, spec: PatchSpec) -> npt.NDArray[np.uint8]:
        """Pixels of one patch, read by OpenSlide, which keeps tiles for the next.

        See `common.slides.Slide.read`.

        Raises
        ------
        PixelError
            If the pixels cannot be decoded.
        SlideError
            As `reading`.
        """
        self._is_ours(Cut.of(self.pyramid, self.spec_for(spec)))
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
        if not self._is_ours(cut):
            return self._slide.reading(xy, spec)
        return self._tiles(cut, cut.on_level(xy), on_slide.size)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}

    @cached_property
    def _levels(self) -> list[TiledLevel | str]:
        return tiled_levels(self._slide.path, self.pyramid.sizes)

    def _tiles(self, cut: Cut, corners: npt.NDArray[np.int64], size: int) -> TileReading:
        stored = self._levels[cut.level]
        if isinstance(stored, str):
            raise TypeError(f"level {cut.level} is {stored}")
        return TileReading(stored, self._open(), cut, corners, size, READER)

    def _open(self) -> TileFile:
        if self._file is None:
            try:
                self._file = TileFile(self._slide.path)
            except OSError as error:
                raise SlideError(
                    f"{self._slide.path}: bytes: expected a file that can be read, "
                    f"found {error.strerror}"
                ) from error
        return self._file

    def _is_ours(self, cut: Cut) -> bool:
        """Whether this level is read here, after proof; an error where it must be and cannot."""
        if cut.level not in self._proven:
            self._proven[cut.level] = self._objection(cut)
        if self._required and self._proven[cut.level]:
            raise SlideError(
                f"{self._slide.path}: level {cut.level}: expected tiles of JPEG that decode to "
                f"OpenSlide's pixels, found {self._proven[cut.level]}. Set slide.reader to auto"
            )
        return not self._proven[cut.level]

    def _objection(self, cut: Cut) -> str:
        """Why OpenSlide must read this level; empty where there is no reason."""
        stored = self._levels[cut.level]
        if isinstance(stored, str):
            return stored
        corners = _samples(stored, cut)
        if not len(corners):
            return "pixels that lie between those of level 0"
        if (
            cut.level
            and len(corners) < _FEW
            and (why_not := self._objection(Cut(0, cut.edge, 1.0)))
        ):
            return why_not  # what so few places prove, level 0 must bear out
        whole = Cut(cut.level, _SAMPLE_PX, cut.downsample)
        patches, readable = self._tiles(whole, corners, _SAMPLE_PX).read(0, len(corners))
        for ours, decoded, (x, y) in zip(patches, readable, corners.tolist(), strict=True):
            try:
                theirs = self._slide.region(x, y, whole, (_SAMPLE_PX, _SAMPLE_PX))
            except PixelError:
                if decoded:
                    return f"pixels at {(x, y)} that OpenSlide does not decode"
                continue
            if not decoded or not np.array_equal(ours, theirs):
                return f"other pixels at {(x, y)}"
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
    settled = [[cut.aligned(int(at)) for at in corner] for corner in np.maximum(corners, 0)]
    whole = [corner for corner in settled if None not in corner]
    return np.array(whole, dtype=np.int64).reshape(len(whole), 2)
