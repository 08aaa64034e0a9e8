"""Every patch of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.grid import Grid

if TYPE_CHECKING:
    from common.geometry import Pyramid
    from common.patches import PatchSpec


def dense_grid(pyramid: Pyramid, spec: PatchSpec, stride: int | None) -> Grid:
    """The grid of whole patches on a slide.

    Parameters
    ----------
    pyramid : Pyramid
    spec : PatchSpec
    stride : int or None, px of the patch
        None takes the patch's edge.
    """
    step = spec.length_on(pyramid, spec.size if stride is None else stride)
    return Grid.inside(pyramid.bounds, spec.edge_on(pyramid), step)
