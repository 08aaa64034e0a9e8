"""Number, area and shape of the nuclei of a patch, from their labels; all in pixels.

What the edge of the patch cuts is treated so that patches side by side add up to their slide: every
nucleus is counted in one of them, every pixel once. Size and shape are those of nuclei seen whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class NuclearShape:
    """What labels say about nuclei.

    Attributes
    ----------
    labels : (H, W) int
        0 background; each other value is one nucleus.
    """

    labels: npt.NDArray[np.integer]

    @property
    def number(self) -> int:
        """Nuclei inside, and those that reach over the left or the upper edge only.

        By the counting rule of Gundersen 1977, doi:10.1111/j.1365-2818.1977.tb00062.x: what touches
        the right or the lower edge is left to the patch on that side. Exact for two patches that
        share a line of pixels. The paper prolongs the forbidden edges beyond the corners, which a
        patch cannot see: what bends round a corner can be counted twice.
        """
        return int(np.count_nonzero(~self._touches(self.labels[-1], self.labels[:, -1])))

    @property
    def covered(self) -> int:
        """Pixels of nuclei, those of nuclei cut by an edge among them."""
        return int(self._area.sum())

    @cached_property
    def whole(self) -> npt.NDArray[np.bool_]:
        """(K,) bool: which nuclei touch no edge."""
        labels = self.labels
        return ~self._touches(labels[0], labels[-1], labels[:, 0], labels[:, -1])

    @property
    def areas(self) -> npt.NDArray[np.float64]:
        """(W,) float64, px: of each whole nucleus."""
        return self._area[self.whole]

    @property
    def eccentricities(self) -> npt.NDArray[np.float64]:
        """(W,) float64: of the ellipse with the second moments of each whole nucleus.

        0 is a circle; the limit of a line is 1.
        """
        y, x = np.divmod(self._place, self.labels.shape[1])
        x_mean, y_mean = self._mean(x), self._mean(y)
        along_x, along_y = x - x_mean[self._owner], y - y_mean[self._owner]
        spread_x, spread_y = self._mean(along_x**2), self._mean(along_y**2)
        half = np.hypot((spread_x - spread_y) / 2, self._mean(along_x * along_y))
        middle = (spread_x + spread_y) / 2
        long, short = middle + half, np.maximum(middle - half, 0)
        ratio = np.divide(short, long, out=np.ones_like(long), where=long > 0)
        return np.sqrt(1 - ratio)[self.whole]

    @cached_property
    def _place(self) -> npt.NDArray[np.int64]:
        """(P,) int64: index of each pixel of a nucleus in the flat patch."""
        return np.flatnonzero(self.labels)

    @cached_property
    def _named(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """(K,) the labels there are, ascending; (P,) int64 the place of each pixel's in them."""
        return np.unique(self.labels.ravel()[self._place], return_inverse=True)

    @property
    def _owner(self) -> npt.NDArray[np.int64]:
        return self._named[1]

    @cached_property
    def _area(self) -> npt.NDArray[np.float64]:
        """(K,) float64, px."""
        return np.bincount(self._owner, minlength=len(self._named[0])).astype(np.float64)

    def _mean(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """(K,) float64: mean of (P,) `values` over each nucleus."""
        return np.bincount(self._owner, values, len(self._area)) / self._area

    def _touches(self, *edges: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """(K,) bool: which nuclei have a pixel in any of `edges`."""
        return np.isin(self._named[0], np.concatenate(edges))
