"""A heatmap as an image: one value per pixel, the mean over the patches that lie there.

Pixels are squares of the stride's edge; the first begins where the first patch does. The value of
a pixel is the sum of the answers of the patches analysed that cover its centre, divided by their
number; NaN where there is none. Patches are half-open: one that ends exactly at a centre does not
cover it.

Where the stride divides the patch, a pixel lies wholly inside or outside of every patch, so that
its value is the mean at each of its places. Where it does not, the pixel's centre decides. Where
patches leave gaps, a pixel is one entry, centred on its patch, and reaches into the gaps.

Everything here is in level-0 pixels; nothing is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.grid import Grid
    from layer3_infer.heatmap import Heatmap


@dataclass(frozen=True)
class MapPixels:
    """Where the pixels of an averaged map lie.

    Attributes
    ----------
    origin : (x, y), level-0 px
        Corner of the first pixel.
    edge : int, level-0 px
        Of a pixel.
    reach : int
        Patches that cover a pixel's centre along one axis, away from the rim of the grid.
    rows, columns : int
        Size of the map; 0 where the grid is empty.
    """

    origin: tuple[int, int]
    edge: int
    reach: int
    rows: int
    columns: int

    @classmethod
    def of(cls, grid: Grid) -> MapPixels:
        """The pixels of the map of heatmaps on `grid`.

        Examples
        --------
        >>> from common.grid import Grid
        >>> MapPixels.of(Grid((0, 0), stride=100, edge=200, rows=3, columns=4))
        MapPixels(origin=(0, 0), edge=100, reach=2, rows=4, columns=5)
        """
        gap = min(0, grid.edge - grid.stride) // 2
        reach = max(1, -((grid.stride - 2 * grid.edge) // (2 * grid.stride)))
        rows, columns = (n and n + reach - 1 for n in (grid.rows, grid.columns))
        origin = (grid.origin[0] + gap, grid.origin[1] + gap)
        return cls(origin, grid.stride, reach, rows, columns)


def averaged_rows(heatmap: Heatmap, first: int, last: int) -> npt.NDArray[np.float32]:
    """Rows `first` to `last` of the averaged map, the last not included.

    The result does not depend on how the map is cut into runs of rows.

    Parameters
    ----------
    heatmap : Heatmap
    first, last : int
        Within the rows of ``MapPixels.of(heatmap.grid)``.

    Returns
    -------
    (last - first, columns) float32
        In [0, 1], or NaN where no patch analysed covers the pixel's centre.
    """
    pixels = MapPixels.of(heatmap.grid)
    before = max(0, first - pixels.reach + 1)
    values = heatmap.values[before:last]
    seen = ~np.isnan(values)
    answers = np.where(seen, values, 0).astype(np.float64)
    top = before - (first - pixels.reach + 1)
    total = _spread(answers, top, (last - first, pixels.columns), pixels.reach)
    count = _spread(seen.astype(np.int32), top, (last - first, pixels.columns), pixels.reach)
    mean = np.full(total.shape, np.nan, dtype=np.float32)
    np.divide(total, count, out=mean, where=count > 0, casting="same_kind")
    return mean


def _spread(entries: npt.NDArray, top: int, shape: tuple[int, int], reach: int) -> npt.NDArray:
    """At each pixel the sum over the `reach` x `reach` entries up to and including its own.

    Parameters
    ----------
    entries : (R, C)
        The first is row `top` of those that the first pixel row sums over.
    top : int
    shape : (rows, columns)
        Of the pixels wanted.
    reach : int
    """
    rows = shape[0]
    down = np.zeros((rows, entries.shape[1]), dtype=entries.dtype)
    for step in range(reach):
        start = max(0, top - step)
        part = entries[start + step - top : max(0, rows + step - top)]
        down[start : start + len(part)] += part
    across = np.zeros(shape, dtype=entries.dtype)
    for step in range(reach):
        across[:, step : step + entries.shape[1]] += down
    return across
