"""Connected pieces of a mask: closing gaps, dropping specks, filling holes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Plane = npt.NDArray[np.bool_]


def closed(mask: Plane, radius: int) -> Plane:
    """`mask`, (H, W) bool, with gaps of up to twice `radius` pixels closed."""
    outside = np.pad(mask.astype(np.uint8), radius)  # else tissue is drawn out to the slide's edge
    filled = np.asarray(cv2.morphologyEx(outside, cv2.MORPH_CLOSE, _disc(radius)))
    return filled[radius : radius + mask.shape[0], radius : radius + mask.shape[1]] > 0


def grown(mask: Plane, radius: int) -> Plane:
    """`mask`, (H, W) bool, and everything within `radius` pixels of it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(radius))) > 0


def without_small(mask: Plane, pixels: float) -> Plane:
    """`mask`, (H, W) bool, without its pieces of fewer than `pixels` pixels."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = np.asarray(stats[:, cv2.CC_STAT_AREA] >= pixels)
    large[0] = False
    return _by_piece(large, np.asarray(pieces, dtype=np.int32))


def at_rim(mask: Plane) -> Plane:
    """The pieces of `mask`, (H, W) bool, that touch the edge of the slide."""
    _, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    labels = np.asarray(pieces, dtype=np.int32)
    touching = np.zeros(labels.max() + 1, dtype=np.bool_)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[side] = True
    touching[0] = False
    return _by_piece(touching, labels)


def count(mask: Plane) -> int:
    """Number of connected pieces of `mask`, (H, W) bool."""
    found, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return found - 1


def _by_piece(answers: npt.NDArray[np.bool_], pieces: npt.NDArray[np.int32]) -> Plane:
    """The answer of each pixel's piece, row by row: NumPy would copy all of `pieces` to index."""
    plane = np.empty(pieces.shape, dtype=np.bool_)
    for row, numbers in enumerate(pieces):
        plane[row] = answers[numbers]
    return plane


def _disc(radius: int) -> npt.NDArray[np.uint8]:
    size = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size), dtype=np.uint8)
