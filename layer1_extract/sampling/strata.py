"""What quotas are filled for: classes, or the annotated regions of tumour.

A stratum is a number. A patch that is not tumour has its label for one. A tumour patch has 1, or
where the quota is shared over the regions 1 and its region's number, counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from common.annotations.coverage import pieces
from common.patch_file import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from common.truth import Truth
    from layer1_extract.config import RandomSampling


@dataclass(frozen=True, eq=False)
class Regions:
    """The connected areas of tumour of one slide, in an order that follows from their place.

    Attributes
    ----------
    tree : shapely.STRtree, level-0 px
        The areas, cut into pieces small enough to ask.
    region : (P,) int32
        Which area each piece is of.
    """

    tree: shapely.STRtree
    region: npt.NDArray[np.int32]

    @classmethod
    def of(cls, tumor: shapely.MultiPolygon) -> Regions:
        """The areas of `tumor`, level-0 px, valid."""
        areas = [shapely.MultiPolygon([part]) for part in _areas(tumor)]
        cut = [pieces(area).geometries for area in areas]
        region = np.repeat(np.arange(len(cut), dtype=np.int32), [len(one) for one in cut])
        return cls(shapely.STRtree([piece for one in cut for piece in one]), region)

    def nearest(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
        """The area each (x, y) of `points`, (N, 2) level-0 px, lies in or is nearest to, (N,).

        Of several as near, the first.
        """
        which, piece = self.tree.query_nearest(shapely.points(points), all_matches=True)
        found = np.full(len(points), np.iinfo(np.int32).max, dtype=np.int32)
        np.minimum.at(found, which, self.region[piece])
        return found


def strata_of(
    labels: npt.NDArray[np.int8], centres: npt.NDArray[np.float64], regions: Regions | None
) -> npt.NDArray[np.int32]:
    """The stratum of each patch, (N,) int32.

    Parameters
    ----------
    labels : (N,) int8
    centres : (N, 2) float64, level-0 px
        Of the patches.
    regions : Regions or None
        None where quotas are for classes.
    """
    strata = labels.astype(np.int32)
    tumor = np.flatnonzero(labels == schema.TUMOR)
    if regions is not None and len(tumor):
        strata[tumor] = schema.TUMOR + regions.nearest(centres[tumor])
    return strata


def quotas(truth: Truth, sampling: RandomSampling, draw: int | None = None) -> dict[int, int]:
    """How many patches of each stratum to keep.

    Parameters
    ----------
    truth : Truth
    sampling : RandomSampling
    draw : int or None
        One of ``sampling.draws``, counted from 0; None for all of them together.

    Returns
    -------
    dict of int to int
        Over all draws each stratum adds up to its quota of the whole sample.
    """
    wanted = dict.fromkeys(truth.classes, sampling.per_class)
    if sampling.strata == "region" and truth.regions is not None:
        del wanted[schema.TUMOR]
        number = int(shapely.get_num_geometries(truth.regions.tumor))
        share = -(-sampling.per_class // max(1, number))
        wanted |= dict.fromkeys(range(schema.TUMOR, schema.TUMOR + number), share)
    if draw is None:
        return wanted
    return {
        stratum: _share(quota, draw - max(0, stratum - schema.TUMOR), sampling.draws)
        for stratum, quota in wanted.items()
    }


def shortfall(wanted: Mapping[int, int], kept: Mapping[int, int]) -> str:
    """Which classes a slide does not hold enough of, for a person; empty where it does.

    Parameters
    ----------
    wanted, kept : mapping of stratum to int
        The quotas, and how many patches there are.

    Examples
    --------
    >>> shortfall({0: 5, 1: 5}, {0: 5, 1: 2})
    'the slide holds no more: 2 of 5 tumor patches'
    >>> shortfall({0: 4, 1: 2, 2: 2}, {0: 4, 1: 2, 2: 1})
    'the slide holds no more: 3 of 4 tumor (1 of 2 regions without its share) patches'
    """
    short = []
    for label, name in schema.LABEL_NAMES.items():
        mine = [stratum for stratum in wanted if min(stratum, schema.TUMOR) == label]
        lacking = [stratum for stratum in mine if kept.get(stratum, 0) < wanted[stratum]]
        if lacking:
            found = sum(kept.get(stratum, 0) for stratum in mine)
            text = f"{found} of {sum(wanted[stratum] for stratum in mine)} {name}"
            regions = f" ({len(lacking)} of {len(mine)} regions without its share)"
            short.append(text + (regions if len(mine) > 1 else ""))
    return f"the slide holds no more: {', '.join(short)} patches" if short else ""


def _areas(tumor: shapely.MultiPolygon) -> list[shapely.Polygon]:
    """The parts of `tumor`, from left to right: an order that no union can change."""
    return list(shapely.get_parts(shapely.normalize(tumor))[::-1])


def _share(number: int, draw: int, draws: int) -> int:
    """Share of one draw: all shares differ by one at most and add up to `number`.

    What is left over goes to the first draws; from region to region it moves on by one, so that
    small shares of many regions do not all fall to the same draw.
    """
    return number // draws + (draw % draws < number % draws)
