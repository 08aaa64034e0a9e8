"""What goes wrong between the patient and the scanner: folded tissue and a marker pen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from layer1_extract.phantom.planes import STEP, Plane, clouds, soft_step

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Box

INKS: Final = ((2.2, 1.2, 0.25), (2.1, 0.6, 1.5), (1.9, 1.9, 1.8))
"""Optical density in red, green and blue of blue, green and black marker."""
_FOLD_SHARE: Final = 0.018  # half width of a fold over the edge of the slide
_PEN_SHARE: Final = 0.035  # width of a stroke over the edge of the slide
_PEN_LENGTH: Final = 0.22  # length of a stroke over the tissue's outline


@dataclass(frozen=True, eq=False)
class Fold:
    """Tissue that lies double along a band.

    Attributes
    ----------
    band : Plane
        0 where the tissue is single, 1 where it is double.
    shift : tuple of int, level-0 px
        How far from its place, in x and y, the second layer was.
    """

    band: Plane
    shift: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Pen:
    """A stroke of marker on the cover slip.

    Attributes
    ----------
    stroke : Plane
        Thickness of the ink; 1 is typical.
    ink : tuple of float
        Optical density of a thickness of 1, in red, green and blue.
    """

    stroke: Plane
    ink: tuple[float, float, float]

    def on(self, box: Box) -> npt.NDArray[np.float32] | None:
        """(height, width, 3) float32 optical density; None where no ink is."""
        thickness = self.stroke.on(box)
        return thickness[..., None] * np.asarray(self.ink, np.float32) if thickness.any() else None


def fold_tissue(rng: np.random.Generator, depth: Plane, size: int) -> Fold:
    """A wavy band through a random place deep in the tissue.

    Parameters
    ----------
    rng : Generator
    depth : Plane, level-0 px
        Distance from the tissue's edge.
    size : int, level-0 px
        Edge of the slide.
    """
    x, y = _deep_place(rng, depth)
    rows, columns = np.indices(depth.values.shape, np.float32) * STEP
    angle = rng.uniform(0, np.pi)
    along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    length = rng.uniform(0.16, 0.28) * size
    across += 0.02 * size * np.sin(along / length * rng.uniform(2, 4))
    half = _FOLD_SHARE * size * np.sqrt((1 - np.square(along / length)).clip(0))
    band = soft_step(half - np.abs(across), 2 * STEP) * (half > 0)
    shift = rng.integers(60, 200, 2)
    return Fold(Plane(band.astype(np.float32)), (int(shift[0]), int(shift[1])))


def mark_with_pen(rng: np.random.Generator, depth: Plane, size: int) -> Pen:
    """A stroke that follows part of the tissue's outline, half of it on the glass.

    A real stroke is half a millimetre wide, which would hide a slide of one millimetre: this one
    is in proportion to the slide.
    """
    width = max(2, round(_PEN_SHARE * size / STEP))
    tissue = (depth.values > 0).astype(np.uint8)
    outlines, _ = cv2.findContours(tissue, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = np.roll(max(outlines, key=len), int(rng.integers(len(tissue))), axis=0)[:, 0]
    points = outline[: max(2, round(_PEN_LENGTH * len(outline)))]
    canvas = np.zeros(depth.values.shape, np.float32)
    cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, (1.0,), width)  # noqa: FBT003
    blurred = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.8))
    streaks = 1 + 0.18 * clouds(rng, len(canvas), 30.0 * STEP)
    stroke = (blurred * streaks.clip(0.6, 1.4)).astype(np.float32)
    return Pen(Plane(stroke), INKS[rng.integers(len(INKS))])


def _deep_place(rng: np.random.Generator, depth: Plane) -> tuple[float, float]:
    """(x, y), level-0 px, in the deeper half of the tissue."""
    rows, columns = np.nonzero(depth.values > depth.values.max() / 2)
    chosen = rng.integers(len(rows))
    return float(columns[chosen]) * STEP, float(rows[chosen]) * STEP
