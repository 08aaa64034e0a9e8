"""Marks of a pen, and black that is no tissue: by how light is taken in red, green and blue.

Haematoxylin and eosin, and DAB, take more green than red. Blue and green ink take far more red
than green, red ink takes next to no red, and black takes all three alike. Of the tissue in
CAMELYON and PatchCamelyon, at 8 um/px, fewer than one pixel in 10,000 comes near these bounds.

A violet pen, or a thin blue one of the hue of haematoxylin, cannot be told from tissue this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from common.tissue.pieces import at_rim, grown, without_small

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.tissue.light import Absorption

    Plane = npt.NDArray[np.bool_]
    Density = npt.NDArray[np.float32]

MIN_AREA_UM2: Final = 5_000.0
"""A smaller mark is a speck of dirt or pigment."""

_HALO_UM: Final = 40.0  # ink thins out this far beyond what is surely ink
_BLUR_UM: Final = 8.0  # and is blurred this far into what is none
_BLACK: Final = 0.9  # density of every channel in a black edge: a level of 30
_NEUTRAL: Final = 0.75  # least of the channels' densities over the greatest, in black ink


class Marks(NamedTuple):
    """What lies over a slide and is no tissue; planes of (H, W) bool.

    Attributes
    ----------
    pen : (H, W) bool
    black_edge : (H, W) bool
        Black pieces that touch the edge of the slide: never scanned, or outside of the glass.
    """

    pen: Plane
    black_edge: Plane


def find_marks(taken: Absorption, mpp: float) -> Marks:
    """Pen and black edges on a slide that took so much light, at `mpp` um/px."""
    black_enough, sure, maybe = (np.empty(taken.saturation.shape, np.bool_) for _ in range(3))
    for rows, density in taken.bands():
        red, green, blue = (np.asarray(one, dtype=np.float32) for one in cv2.split(density))
        least = np.minimum(np.minimum(red, green), blue)
        most = np.maximum(np.maximum(red, green), blue)
        (ink, thin_ink), (black, thin_black) = _ink(red, green, blue), _black(least, most)
        black_enough[rows] = least > _BLACK
        sure[rows], maybe[rows] = ink | black, thin_ink | thin_black
    blur = max(1, round(_BLUR_UM / mpp))
    edge = at_rim(black_enough)
    pen = sure & ~edge
    if edge.any():
        edge = grown(edge, blur)
    if pen.any():
        halo = grown(pen, max(1, round(_HALO_UM / mpp))) & maybe
        pen = grown(without_small(pen | halo, MIN_AREA_UM2 / mpp**2), blur) & ~edge
    return Marks(pen, edge)


def _ink(red: Density, green: Density, blue: Density) -> tuple[Plane, Plane]:
    """What is surely coloured ink, and what may be where it thins out."""
    over_green = red - green
    under_both = np.minimum(green, blue) - red
    sure = ((over_green > 0.1) & (red > 1.2 * green)) | (under_both > 0.45)
    maybe = ((over_green > 0.02) & (red > 1.05 * green)) | (under_both > 0.25)
    return sure, maybe


def _black(least: Density, most: Density) -> tuple[Plane, Plane]:
    """What is surely black ink, and what may be where it thins out."""
    neutral = least > _NEUTRAL * most
    return (least > 0.7) | (neutral & (most > 0.6)), neutral & (most > 0.1)
