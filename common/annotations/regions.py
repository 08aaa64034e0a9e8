"""The tumour of one slide as an area, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from common.annotations.coverage import pieces, shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt


_NOWHERE: Final = shapely.MultiPolygon()


@dataclass(frozen=True, eq=False)
class Annotations:
    """What one annotation file says about one slide.

    Attributes
    ----------
    tumor : shapely.MultiPolygon, level-0 px
        Tumour, with holes and excluded areas already taken out; valid, possibly empty.
    groups : mapping of str to int
        Every group or class named in the file, with how many objects it has.
    unplaced : mapping of str to int
        Of those, the objects that say neither tumour nor not tumour: their group is unknown, or
        they enclose no area.
    uncertain : shapely.MultiPolygon, level-0 px
        Where it is not known whether there is tumour, even where tumour is drawn.
    """

    tumor: shapely.MultiPolygon
    groups: Mapping[str, int]
    unplaced: Mapping[str, int]
    uncertain: shapely.MultiPolygon = _NOWHERE

    @property
    def is_silent(self) -> bool:
        """Whether the file has objects and not one of them says tumour or not tumour.

        Such a file is no evidence that the slide is free of tumour. A file without any object
        is not silent: someone saved it as the annotation of a slide with nothing to draw.
        """
        return bool(self.groups) and self.groups == self.unplaced

    def fraction(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square ``[x, x + edge) x [y, y + edge)`` that is tumour.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners; may lie outside the slide.
        edge : int, level-0 px
            Edge of the squares; at least 1.

        Returns
        -------
        (N,) float32
            In [0, 1]; exactly 0 where disjoint or touching, exactly 1 where covered. NaN where
            the square is `doubtful`.
        """
        if edge < 1:
            raise ValueError(f"edge must be at least 1 px, got {edge}")
        fraction = shares(self.tumor, self._pieces, xy, edge)
        fraction[self.doubtful(xy, edge)] = np.nan
        return fraction

    def doubtful(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.bool_]:
        """Whether any of each square ``[x, x + edge) x [y, y + edge)`` is marked uncertain, (N,).

        Such a square has no label, whatever else is drawn there.
        """
        if self.uncertain.is_empty:
            return np.zeros(len(xy), dtype=np.bool_)
        return shares(self.uncertain, self._uncertain_pieces, xy, edge) > 0

    def contains(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Whether each (x, y) of `points`, (N, 2) float64 level-0 px, is tumour.

        A point on the outline is.
        """
        shapely.prepare(self.tumor)
        return shapely.intersects_xy(self.tumor, points[:, 0], points[:, 1])

    def outlines(self) -> list[npt.NDArray[np.float64]]:
        """Every exterior and every hole as a closed (K, 2) float64 ring, level-0 px."""
        rings = shapely.get_rings(shapely.get_parts(self.tumor))
        return [shapely.get_coordinates(ring) for ring in rings]

    @cached_property
    def _pieces(self) -> shapely.STRtree:
        return pieces(self.tumor)

    @cached_property
    def _uncertain_pieces(self) -> shapely.STRtree:
        return pieces(self.uncertain)
