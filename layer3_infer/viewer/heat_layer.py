"""A heatmap as a layer of its own: the colours of the overlay, clear where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from common.geometry import Pyramid
from layer3_infer.blending import colours, spread
from layer3_infer.heatmap import Heatmap
from layer3_infer.viewer.pictures import encoded

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Box


def heat_layer(heatmap: Heatmap, box: Box, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The part of a heatmap that lies in `box`.

    Parameters
    ----------
    heatmap : Heatmap
    box : Box, level-0 px
    shape : (H, W), px
        Of the picture that shows the box.

    Returns
    -------
    (H, W, 4) uint8, RGB and opacity
        Of the mean over the patches that cover a pixel's centre; clear where none was analysed.
    """
    probability = spread(_within(heatmap, box), Pyramid(((box.width, box.height),), 1.0), shape)
    known = ~np.isnan(probability)
    layer = np.zeros((*shape, 4), dtype=np.uint8)
    layer[known] = np.rint(255 * colours(probability[known])).astype(np.uint8)
    return layer


def heat_png(heatmap: Heatmap, box: Box, shape: tuple[int, int]) -> bytes:
    """`heat_layer` as a PNG."""
    return encoded(heat_layer(heatmap, box, shape), ".png")


def _within(heatmap: Heatmap, box: Box) -> Heatmap:
    """The rows and columns whose patches meet `box`, in the frame of its corner."""
    grid = heatmap.grid
    first_column, last_column = _meeting(grid.origin[0], box.x, box.width, grid.stride, grid.edge)
    first_row, last_row = _meeting(grid.origin[1], box.y, box.height, grid.stride, grid.edge)
    values = heatmap.values[first_row:last_row, first_column:last_column]
    part = replace(
        grid,
        origin=(
            grid.origin[0] + first_column * grid.stride - box.x,
            grid.origin[1] + first_row * grid.stride - box.y,
        ),
        rows=values.shape[0],
        columns=values.shape[1],
    )
    return Heatmap(part, values)


def _meeting(origin: int, start: int, length: int, stride: int, edge: int) -> tuple[int, int]:
    """The first patch of a row that meets ``[start, start + length)``, and the first behind it."""
    first = (start - origin - edge) // stride + 1
    behind = -((origin - start - length) // stride)
    return max(0, first), max(0, behind)
