"""Slides read through OpenSlide: the only module that imports it.

OpenSlide: Goode et al. 2013, doi:10.4103/2153-3539.119005.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np
import openslide

from common.compositing import on_white
from common.errors import PixelError, SlideError
from common.files import spread_hash
from common.geometry import Pyramid, same_scale
from common.one_by_one import OneByOne
from common.resampling import Cut, reduced

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.patches import PatchSpec

MANY_FILE_SUFFIXES: Final = frozenset({".mrxs", ".vms", ".vmu", ".dcm"})
MOST_SIDE_PX: Final = 10_000_000
"""No scanner's slide is longer: at 0.25 um/px this is 2.5 m."""

MOST_PX: Final = 100_000_000
"""Most pixels of one picture made or read at a time: 300 MB."""

MOST_THUMBNAIL_PX: Final = 32_000_000
"""All of a glass slide, 75 x 25 mm, at 8 um/px has 30 million."""

_STRIP_PX: Final = 4_096
_PIECE_PX: Final = 256
_MOST_LOSSES: Final = 1_000
_MOST_LOST: Final = 0.5

log = logging.getLogger(__name__)


class OpenSlideSlide:
    """A slide in any format OpenSlide reads. See `common.slides.Slide`.

    The file is opened on first use in each process and never carried across a fork: a handle
    shared by two processes gives corrupt pixels.

    Parameters
    ----------
    path : Path
    slide_id : str
    mpp : float or None, um/px
        Scale of level 0 where the user states it; None takes the slide's own.
    fallback_mpp : float or None, um/px
        Scale of level 0 where neither says it.

    Attributes
    ----------
    overview_lost : float
        Largest share of a thumbnail read so far that did not decode; white there.
    """

    def __init__(
        self,
        path: Path,
        slide_id: str,
        mpp: float | None = None,
        fallback_mpp: float | None = None,
    ) -> None:
        self.path = path
        self.overview_lost = 0.0
        self._slide_id = slide_id
        self._stated_mpp = mpp
        self._fallback_mpp = fallback_mpp
        self._pyramid: Pyramid | None = None
        self._fingerprint = ""
        self._handle: Any = None
        self._owner = -1

    @classmethod
    def of(cls, entry: SlideEntry) -> OpenSlideSlide:
        """The slide of a cohort entry, not yet opened."""
        return cls(entry.path, entry.slide_id, entry.mpp, entry.fallback_mpp)

    @property
    def slide_id(self) -> str:
        """Key of this slide in every file the project writes."""
        return self._slide_id

    @property
    def reader(self) -> str:
        """Library and version that decode the pixels."""
        return f"openslide {library_version()}"

    @property
    def mpp_source(self) -> str:
        """``stated`` by the user, or the property of the slide that says the same."""
        own = self._own_mpp()
        return "stated" if own is None or own != self.pyramid.mpp else openslide.PROPERTY_NAME_MPP_X

    @property
    def pyramid(self) -> Pyramid:
        """Sizes and scale of the levels.

        Raises
        ------
        SlideError
            If the file cannot be opened, has no slide's size, or does not say how large its
            pixels are.
        """
        if self._pyramid is None:
            sizes = self._sizes()
            mpp = self._stated_mpp or self._own_mpp() or self._fallback_mpp
            self._pyramid = Pyramid(sizes, mpp or self._without_scale())
        return self._pyramid

    @property
    def fingerprint(self) -> str:
        """Hash of the content: cheap on any size, free of path and time.

        SHA-256 over the file's size and 64 blocks spread through it; OpenSlide's quickhash for
        formats of many files.
        """
        if not self._fingerprint:
            self._fingerprint = self._quickhash() or self._spread_hash()
        return self._fingerprint

    def spec_for(self, spec: PatchSpec) -> PatchSpec:
        """The patch this slide really gives for `spec`. See `common.slides.Slide.spec_for`."""
        on_slide = spec.on(self.pyramid)
        if on_slide.mpp < self.pyramid.mpp and not same_scale(self.pyramid.mpp, on_slide.mpp):
            raise self._error(
                "patch.mpp",
                f"a scale this slide holds, {self.pyramid.mpp:g} um/px or coarser",
                f"{spec.mpp:g}",
                "Enlarging would invent detail: set patch.mpp to a scale all slides reach, "
                "or check the scale stated for this slide",
            )
        if (edge := Cut.of(self.pyramid, on_slide).edge) ** 2 > MOST_PX:
            raise self._error(
                "patch.mpp",
                f"patches of at most {MOST_PX:,} px of the slide",
                f"{edge:,} x {edge:,} px to make one of {spec.size} at {spec.mpp:g} um/px",
                "Check the scale of this slide, or set patch.mpp nearer to it",
            )
        return on_slide

    def read(self, x: int, y: int, spec: PatchSpec) -> npt.NDArray[np.uint8]:
        """Pixels of one patch, (size, size, 3) uint8 RGB. See `common.slides.Slide.read`.

        A level within 2 % of the asked scale is read unscaled; otherwise the next finer level is
        read and reduced by area.

        Raises
        ------
        PixelError
            If the pixels cannot be decoded.
        SlideError
            If no level is as fine as `spec` asks.
        """
        spec = self.spec_for(spec)
        cut = Cut.of(self.pyramid, spec)
        left, top = cut.on_level(np.array([[x, y]], dtype=np.int64))[0].tolist()
        region = self.region(left, top, cut, (cut.edge, cut.edge))
        return region if cut.edge == spec.size else reduced(region, (spec.size, spec.size))

    def reading(self, xy: npt.NDArray[np.int64], spec: PatchSpec) -> OneByOne:
        """Many patches, one call of OpenSlide each. See `common.slides.Slide.reading`."""
        return OneByOne(self, xy, self.spec_for(spec))

    def region(self, x: int, y: int, cut: Cut, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """Pixels of one level.

        Parameters
        ----------
        x, y : int, px of the level
        cut : Cut
        size : (width, height), px of the level

        Returns
        -------
        (H, W, 3) uint8, RGB
            Composited on white. The level's own pixels, unless no place near begins on a pixel of
            level 0: then OpenSlide interpolates.
        """
        left, top = cut.aligned(max(x, 0)), cut.aligned(max(y, 0))
        if left is None or top is None:
            left, top = max(x, 0), max(y, 0)
        corner = cut.on_level0(np.array([[left, top]], dtype=np.int64))[0].tolist()
        width, height = x + size[0] - left, y + size[1] - top
        if (left, top) == (x, y):
            return self._region((corner[0], corner[1]), cut.level, size)
        region = np.full((size[1], size[0], 3), 255, dtype=np.uint8)
        if width > 0 and height > 0:
            seen = self._region((corner[0], corner[1]), cut.level, (width, height))
            region[max(0, -y) :, max(0, -x) :] = seen[max(y, 0) - top :, max(x, 0) - left :]
        return region

    def thumbnail(self, mpp: float) -> npt.NDArray[np.uint8]:
        """The whole slide at `mpp`, (H, W, 3) uint8 RGB, read in strips of bounded memory.

        Where pixels do not decode it is white.

        Raises
        ------
        PixelError
            If very many pieces do not decode.
        SlideError
            If it would be larger than `MOST_THUMBNAIL_PX`.
        """
        level = self.pyramid.level_for(mpp)
        factor = max(1.0, mpp / self.pyramid.level_mpp(level))
        width, height = self.pyramid.sizes[level]
        columns, rows = max(1, round(width / factor)), max(1, round(height / factor))
        if columns * rows > MOST_THUMBNAIL_PX:
            raise self._error(
                "thumbnail",
                f"a picture of at most {MOST_THUMBNAIL_PX:,} px",
                f"{columns:,} x {rows:,} px at {mpp:g} um/px",
                "Check the scale of this slide, or ask for a coarser one",
            )
        image = np.empty((rows, columns, 3), dtype=np.uint8)
        losses: list[tuple[PixelError, int]] = []
        for top, bottom in _parts(rows, factor):
            for left, right in _parts(columns, factor):
                x0, x1 = round(left * width / columns), round(right * width / columns)
                y0, y1 = round(top * height / rows), round(bottom * height / rows)
                region = self._piecewise((x0, y0, x1, y1), level, losses)
                image[top:bottom, left:right] = reduced(region, (right - left, bottom - top))
        self._say_lost(losses, width * height)
        return image

    def _say_lost(self, losses: list[tuple[PixelError, int]], whole: int) -> None:
        lost = sum(pixels for _, pixels in losses) / whole
        if lost > _MOST_LOST:
            expected = f"at most {_MOST_LOST:.0%} of the overview not to decode"
            raise PixelError(
                self._said("pixels", expected, f"{lost:.0%}", "Copy or convert the slide anew")
            ) from losses[0][0]
        self.overview_lost = max(self.overview_lost, lost)
        if losses:
            said = "%s: %.2g %% of the overview does not decode: taken for glass"
            log.warning(said, self.path, 100 * lost)

    def _piecewise(
        self, box: tuple[int, int, int, int], level: int, losses: list[tuple[PixelError, int]]
    ) -> npt.NDArray[np.uint8]:
        """Pixels from (x0, y0) to (x1, y1) of a level; the smallest pieces that fail are white."""
        x0, y0, x1, y1 = box
        smallest = max(x1 - x0, y1 - y0) <= _PIECE_PX
        try:
            return self._region(self._level0(x0, y0, level), level, (x1 - x0, y1 - y0))
        except PixelError as error:
            losses.append((error, (x1 - x0) * (y1 - y0) if smallest else 0))
            if len(losses) > _MOST_LOSSES:
                raise
        region = np.full((y1 - y0, x1 - x0, 3), 255, dtype=np.uint8)
        if smallest:
            return region
        middle_x, middle_y = (x0 + x1 + 1) // 2, (y0 + y1 + 1) // 2
        for left, right in ((x0, middle_x), (middle_x, x1)):
            for top, bottom in ((y0, middle_y), (middle_y, y1)):
                if left < right and top < bottom:
                    part = self._piecewise((left, top, right, bottom), level, losses)
                    region[top - y0 : bottom - y0, left - x0 : right - x0] = part
        return region

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None, "_owner": -1}

    def _quickhash(self) -> str | None:
        if self.path.suffix.lower() not in MANY_FILE_SUFFIXES:
            return None
        return self._open().properties.get(openslide.PROPERTY_NAME_QUICKHASH1)

    def _spread_hash(self) -> str:
        try:
            return spread_hash(self.path)
        except OSError as error:
            raise self._error("bytes", "a file that can be read", str(error.strerror)) from error

    def _open(self) -> Any:
        if self._handle is None or self._owner != os.getpid():
            self._handle = self._opened()
            self._owner = os.getpid()
        return self._handle

    def _opened(self) -> Any:
        try:
            return openslide.OpenSlide(self.path)
        except (openslide.OpenSlideError, OSError) as error:
            found = "no file" if not self.path.exists() else str(error)
            raise self._error(
                "format", "a slide OpenSlide can read", found, "Copy or convert the slide anew"
            ) from error

    def _region(
        self, corner: tuple[int, int], level: int, size: tuple[int, int]
    ) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB of one level, composited on white; the corner in level-0 px.

        A handle stays broken after an error, whichever thread made it: the pixels that did not
        decode are those that do not decode on a fresh one either.
        """
        try:
            rgba = np.asarray(self._open().read_region(corner, level, size))
        except openslide.OpenSlideError:
            fresh = self._opened()
            try:
                rgba = np.asarray(fresh.read_region(corner, level, size))
            except openslide.OpenSlideError as error:
                fresh = self._opened()
                item = f"pixels at {corner}"
                message = self._said(item, "pixels that decode", str(error))
                raise PixelError(message) from error
            finally:
                self._handle = fresh
        return on_white(rgba)

    def _level0(self, x: int, y: int, level: int) -> tuple[int, int]:
        (width, height), (level_width, level_height) = (
            self.pyramid.sizes[0],
            self.pyramid.sizes[level],
        )
        return round(x * width / level_width), round(y * height / level_height)

    def _sizes(self) -> tuple[tuple[int, int], ...]:
        """Sizes of the levels, no larger than those of a slide.

        OpenSlide ends the process where there is no memory for a tile.
        """
        sizes = tuple(self._open().level_dimensions)
        sides = np.array(sizes)
        advice = "Its header is damaged: copy or convert the slide anew"
        if sides.min() < 1 or sides.max() > MOST_SIDE_PX or (sides > sides[0]).any():
            expected = f"sides of 1 to {MOST_SIDE_PX:,} px, those of the first level the longest"
            found = ", ".join(f"{width} x {height}" for width, height in sizes)
            raise self._error("size", expected, f"levels of {found}", advice)
        for level in range(len(sizes)):
            width, height = (self._tile_side(level, name) for name in ("width", "height"))
            if width * height > MOST_PX:
                expected = f"at most {MOST_PX:,} px"
                raise self._error("tile", expected, f"{width} x {height}", advice)
        return sizes

    def _tile_side(self, level: int, name: str) -> int:
        """Width or height of a level's tiles, px; 0 where it has none, or does not say."""
        text = self._open().properties.get(f"openslide.level[{level}].tile-{name}", "0")
        return int(text) if text.isdecimal() else 0

    def _own_mpp(self) -> float | None:
        """The scale the slide says itself; None where it says none."""
        x, y = (_number(text) for text in self._mpp_texts())
        if x is None or y is None:
            return None
        if not same_scale(x, y) and self._stated_mpp is None:
            raise self._error(
                openslide.PROPERTY_NAME_MPP_X, "square pixels", f"{x:g} x {y:g} um per px"
            )
        return (x + y) / 2

    def _without_scale(self) -> NoReturn:
        x, y = self._mpp_texts()
        found = "nothing" if x is None and y is None else f"x {x!r} and y {y!r}"
        advice = (
            "State it with --mpp, or in the mpp column of the cohort CSV: "
            f"{self.slide_id},{self.path},...,<um per px>"
        )
        raise self._error(openslide.PROPERTY_NAME_MPP_X, "a scale in um/px", found, advice)

    def _mpp_texts(self) -> tuple[str | None, str | None]:
        properties = self._open().properties
        names = (openslide.PROPERTY_NAME_MPP_X, openslide.PROPERTY_NAME_MPP_Y)
        return properties.get(names[0]), properties.get(names[1])

    def _error(self, item: str, expected: str, found: str, advice: str = "") -> SlideError:
        return SlideError(self._said(item, expected, found, advice))

    def _said(self, item: str, expected: str, found: str, advice: str = "") -> str:
        tail = f". {advice}" if advice else ""
        return f"{self.path}: {item}: expected {expected}, found {found}{tail}"


def library_version() -> str:
    """Version of the OpenSlide library itself."""
    return openslide.__library_version__


def _number(text: str | None) -> float | None:
    """A finite scale greater than 0, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _parts(length: int, factor: float) -> list[tuple[int, int]]:
    """Cut `length` output px so that each part reads at most `_STRIP_PX` px of the level."""
    step = max(1, int(_STRIP_PX / factor))
    return [(start, min(start + step, length)) for start in range(0, length, step)]
