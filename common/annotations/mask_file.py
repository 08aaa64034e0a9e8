"""The levels of a mask TIFF, and where they lie on its slide.

A mask covers its slide from the same top-left corner, at the size of level 0 or reduced. It has
one channel of 8 bits, and holds the number of a label per pixel.
"""

from __future__ import annotations

import math
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from common.annotations.shapes import refusal, shown
from common.errors import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from common.geometry import Pyramid

COARSEST_MPP: Final = 32
"""A mask with larger pixels, um/px, is a picture of the slide rather than a truth about it."""

_MOST_TILE_PX: Final = 1 << 26
_PADDING_PX: Final = 512
_PADDING_SHARE: Final = 0.02
_DAMAGE: Final = (
    *DAMAGE,
    tifffile.TiffFileError,
    AssertionError,
    AttributeError,
    struct.error,
)


@dataclass(frozen=True, eq=False)
class MaskLevel:
    """One level of a mask.

    Attributes
    ----------
    width, height : int, px of the mask
    scale : (float, float)
        Level-0 px of the slide per pixel of the mask, along x and along y.
    """

    width: int
    height: int
    scale: tuple[float, float]
    _page: Any
    _source: Path

    def tiles(self) -> Iterator[tuple[int, int, npt.NDArray[np.uint8]]]:
        """Column and row of the top-left pixel of each stored tile or strip, and its pixels.

        Tiles the file leaves out are passed over: they are all 0.

        Raises
        ------
        SlideError
            If one cannot be decoded.
        """
        for data, (_, _, row, column, _), _ in _decoded(self._page, self._source):
            if data is not None:  # the last tiles are stored whole, and reach beyond the mask
                yield column, row, data[0, : self.height - row, : self.width - column, 0]


@contextmanager
def open_mask(source: Path, slide: Pyramid) -> Generator[list[MaskLevel], None, None]:
    """The levels of the mask TIFF `source` on `slide`, finest first.

    Raises
    ------
    SlideError
        If it cannot be read, is no mask, or does not fit the slide.
    """
    try:
        stream = tifffile.TiffFile(source)
    except _DAMAGE as error:
        raise _damaged(source, error) from error
    with stream as tiff:
        yield _levels(tiff, source, slide)


def _levels(tiff: tifffile.TiffFile, source: Path, slide: Pyramid) -> list[MaskLevel]:
    try:
        pages: list[Any] = [page.aspage() for page in tiff.pages]
        kinds = [_unfit(page) for page in pages]
        sizes = [(int(page.imagewidth), int(page.imagelength)) for page in pages]
    except _DAMAGE as error:
        raise _damaged(source, error) from error
    if not pages or kinds[0]:
        found = kinds[0] if kinds else "no image"
        advice = "Save the mask anew, tiled and with LZW or deflate compression"
        raise refusal(source, "mask", "one channel of 8 bits, in tiles", found, advice)
    first = _scale((slide.width, slide.height), sizes[0])
    if first is None or min(first) * slide.mpp > COARSEST_MPP:
        raise _misplaced(source, slide, sizes[0])
    levels = []
    for page, unfit, size in zip(pages, kinds, sizes, strict=True):
        within = (1.0, 1.0) if page is pages[0] else _scale(sizes[0], size)
        if not unfit and within is not None:
            scale = (first[0] * within[0], first[1] * within[1])
            levels.append(MaskLevel(*size, scale, page, source))
    return sorted(levels, key=lambda level: level.scale)


def _unfit(page: Any) -> str:
    """Why a directory of the file holds no labels; empty where it does."""
    if page.dtype != np.uint8 or page.samplesperpixel != 1 or page.imagedepth != 1:
        return f"{page.samplesperpixel} of {shown(str(page.dtype))}"
    if page.is_tiled:
        pixels = page.tilewidth * page.tilelength
    else:
        pixels = page.imagewidth * min(page.rowsperstrip, page.imagelength)
    return "" if 0 < pixels <= _MOST_TILE_PX else f"tiles or strips of {pixels:,} px"


def _scale(whole: tuple[int, int], size: tuple[int, int]) -> tuple[float, float] | None:
    """By how much (width, height) is reduced from `whole`; None where it is not that, reduced.

    Examples
    --------
    >>> _scale((1001, 800), (251, 200)), _scale((1000, 800), (800, 1000))
    ((4.0, 4.0), None)
    """
    if min(size) < 1:
        return None
    factor = max(1, round(whole[0] / size[0]))
    slack = [min(_PADDING_PX, _PADDING_SHARE * one) if factor == 1 else factor for one in whole]
    if all(abs(n * factor - of) <= most for n, of, most in zip(size, whole, slack, strict=True)):
        return float(factor), float(factor)
    x, y = whole[0] / size[0], whole[1] / size[1]
    even = abs(size[1] - whole[1] / x) <= 1 or abs(size[0] - whole[0] / y) <= 1
    return (x, y) if even and x >= 1 and y >= 1 else None


def _decoded(page: Any, source: Path) -> Iterator[Any]:
    try:
        yield from page.segments(maxworkers=1)
    except _DAMAGE as error:
        raise _damaged(source, error) from error


def _damaged(source: Path, error: BaseException) -> Exception:
    found = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return refusal(source, "mask", "a TIFF that can be read", shown(found), "Copy it anew")


def _misplaced(source: Path, slide: Pyramid, size: tuple[int, int]) -> Exception:
    coarsest = math.floor(max(1, COARSEST_MPP / slide.mpp))
    return refusal(
        source,
        "mask",
        f"{slide.width} x {slide.height} px, the slide's, or that reduced {coarsest} times at most",
        f"{size[0]} x {size[1]} px",
        "Is it another slide's?",
    )
