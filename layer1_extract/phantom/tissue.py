"""The piece of tissue: where it ends, its strands of stroma, and how crowded it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import binary_fill_holes, gaussian_filter, label

from layer1_extract.phantom.planes import STEP, Plane, clouds, distance_to, soft_step

if TYPE_CHECKING:
    import numpy.typing as npt

COVERAGE: Final = (0.38, 0.54)
"""Share of the slide under tissue, before crumbs are dropped and holes filled."""
_CRUMB: Final = 0.1  # pieces below this share of the tissue are dropped
_CAPSULE_PX: Final = 60.0
_SMOOTH: Final = 1.5  # rounds off the steps of the mask, in steps of the plane
_STRAND: Final = 0.10  # half width of a strand, in standard deviations of the field it follows


@dataclass(frozen=True, eq=False)
class Tissue:
    """Planes over one slide.

    Attributes
    ----------
    depth : Plane, level-0 px
        Distance from the tissue's edge, negative on the glass.
    stroma : Plane
        0 in the parenchyma to 1 in the middle of a strand or of the capsule.
    crowding : Plane
        Share of the places for a nucleus that are taken; 0.4 to 1.
    """

    depth: Plane
    stroma: Plane
    crowding: Plane


def grow_tissue(rng: np.random.Generator, size: int) -> Tissue:
    """One or two smooth pieces on a slide of `size` x `size` level-0 px."""
    edge = size // STEP
    mask = _outline(rng, edge)
    edge_distance = distance_to(~mask) - distance_to(mask)
    depth = np.asarray(gaussian_filter(edge_distance, _SMOOTH), np.float32)
    strands = 1 - np.abs(clouds(rng, edge, 520.0)) / _STRAND
    capsule = 1 - depth / (_CAPSULE_PX * (1 + 0.5 * clouds(rng, edge, 300.0)).clip(0.4))
    crowding = 0.72 + 0.2 * clouds(rng, edge, 420.0)
    return Tissue(
        depth=Plane(depth),
        stroma=Plane(soft_step(np.maximum(strands, capsule) - 0.5, 1.0)),
        crowding=Plane(crowding.clip(0.4, 1).astype(np.float32)),
    )


def _outline(rng: np.random.Generator, edge: int) -> npt.NDArray[np.bool_]:
    """(edge, edge) bool: ellipses with an uneven rim, at the coverage drawn."""
    axis = np.linspace(-1, 1, edge, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    pieces = [_ellipse(rng, x, y) for _ in range(rng.integers(1, 3))]
    wobble = 0.13 * clouds(rng, edge, edge * STEP / 3)
    rim = np.maximum(np.abs(x), np.abs(y)) ** 8 + np.hypot(x, y) ** 4 / 3
    height = np.max(pieces, axis=0) + wobble - 0.6 * rim
    mask = height > np.quantile(height, 1 - rng.uniform(*COVERAGE))
    return _without_crumbs(mask)


def _ellipse(
    rng: np.random.Generator, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """A hill that falls off from its centre, longer one way than the other."""
    centre_x, centre_y = rng.uniform(-0.22, 0.22, 2)
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.35)
    along = (x - centre_x) * np.cos(angle) + (y - centre_y) * np.sin(angle)
    across = (y - centre_y) * np.cos(angle) - (x - centre_x) * np.sin(angle)
    return -np.hypot(along / stretch, across * stretch)


def _without_crumbs(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    pieces = np.asarray(label(mask)[0])  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(binary_fill_holes((sizes > _CRUMB * sizes.sum())[pieces]), bool)
