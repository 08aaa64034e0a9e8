"""The slide, as the rest of the project sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.patches import PatchSpec


class Reading(Protocol):
    """Patches of one slide at places known beforehand, to be read once, in their order.

    Threads may read different stretches at the same time; each patch should be read once.
    """

    @property
    def reader(self) -> str:
        """Names and versions of the libraries that decode the pixels."""
        ...

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Patches `start` to `stop`, the last not included.

        Returns
        -------
        patches : (K, size, size, 3) uint8, RGB
            What lies outside the slide, or does not decode, is white.
        readable : (K,) bool
            Whether all of the patch decoded.
        """
        ...


class Slide(Protocol):
    """One whole-slide image. Values may be passed to another process, which opens its own file."""

    @property
    def slide_id(self) -> str:
        """Key of this slide in every file the project writes."""
        ...

    @property
    def pyramid(self) -> Pyramid:
        """Sizes and scale of the levels."""
        ...

    @property
    def mpp_source(self) -> str:
        """Where the scale comes from: the slide's own properties, or the user."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the content, free of path and time."""
        ...

    @property
    def overview_lost(self) -> float:
        """Largest share of a thumbnail read so far that did not decode; white there."""
        ...

    def spec_for(self, spec: PatchSpec) -> PatchSpec:
        """The patch this slide really gives for `spec`.

        A level within 2 % of the asked scale is read unscaled, so the scale may differ a little.

        Raises
        ------
        SlideError
            If no level is as fine: enlarging would invent detail.
        """
        ...

    def read(self, x: int, y: int, spec: PatchSpec) -> npt.NDArray[np.uint8]:
        """Pixels of one patch.

        Parameters
        ----------
        x, y : int, level-0 px
            Top-left corner. May lie outside the slide; what falls outside is white.
        spec : PatchSpec
            Size and scale of the patch returned.

        Returns
        -------
        (size, size, 3) uint8, RGB
            Rows down, columns right, composited on white.

        Raises
        ------
        PixelError
            If the pixels do not decode.
        """
        ...

    def reading(self, xy: npt.NDArray[np.int64], spec: PatchSpec) -> Reading:
        """Many patches at places known beforehand, which can be read faster than one by one.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners, best by row, then by column.
        spec : PatchSpec

        Raises
        ------
        SlideError
            If no level is as fine as `spec` asks.
        """
        ...

    def thumbnail(self, mpp: float) -> npt.NDArray[np.uint8]:
        """The whole slide, reduced by area.

        Parameters
        ----------
        mpp : float, um/px
            Scale asked for; an axis of the result is at least 1 px long.

        Returns
        -------
        (H, W, 3) uint8, RGB
            Composited on white.
        """
        ...


def reader_of(slide: Slide, spec: PatchSpec) -> str:
    """Names and versions of the libraries that decode patches of `spec` on this slide."""
    return slide.reading(np.empty((0, 2), dtype=np.int64), spec).reader
