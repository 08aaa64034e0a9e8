"""Places on a slide a patch might be cut from, and what is known of each before it is read."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from common.patch_file.schema import REASONS, UNKNOWN
from layer1_extract.config import RandomSampling
from layer1_extract.labelling import BOUNDARY, labelling
from layer1_extract.sampling.strata import Regions, strata_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from common.tissue import TissueMask
    from common.truth import Truth
    from layer1_extract.config import ExtractSettings


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidate patches of one slide; one row each.

    Attributes
    ----------
    xy : (N, 2) int64, level-0 px
        Top-left corners.
    labels : (N,) int8
    tumor_fraction, tissue_fraction : (N,) float32
    reasons : (N,) uint8
        Why it is rejected, a code of `REASONS`; 0 where nothing speaks against it so far.
    strata : (N,) int32
        Which quota it counts for; see `layer1_extract.sampling.strata`.
    """

    xy: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int8]
    tumor_fraction: npt.NDArray[np.float32]
    tissue_fraction: npt.NDArray[np.float32]
    reasons: npt.NDArray[np.uint8]
    strata: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.xy)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Candidates:
        """The candidates at `rows`, in that order."""
        return Candidates(*(column[rows] for column in self._columns()))

    def joined(self, others: Sequence[Candidates]) -> Candidates:
        """These candidates, then the others, in their order."""
        rows = zip(*(one._columns() for one in (self, *others)), strict=True)
        return Candidates(*(np.concatenate(column) for column in rows))

    def because(self, reasons: npt.NDArray[np.uint8]) -> Candidates:
        """The same candidates with other reasons, (N,) uint8."""
        return replace(self, reasons=reasons)

    def _columns(self) -> tuple[npt.NDArray[Any], ...]:
        return tuple(getattr(self, column.name) for column in fields(self))


def screening(
    mask: TissueMask, truth: Truth, edge: int, settings: ExtractSettings, *, mpp: float
) -> Callable[[npt.NDArray[np.int64]], Candidates]:
    """A function from corners to candidates, judged by mask and annotation alone.

    Parameters
    ----------
    mask : TissueMask
    truth : Truth
    edge : int, level-0 px
        Edge of a patch on the slide.
    settings : ExtractSettings
    mpp : float, um/px
        Scale of level 0.

    Returns
    -------
    callable
        (N, 2) int64 level-0 corners to `Candidates` in the same order. A patch without any tissue
        is ``background``, with too little ``low_tissue``, under too much pen ``pen``, of neither
        class ``boundary``; all of a slide that is to give no patch is ``excluded``.
    """
    label = labelling(truth, edge, settings.labels, mpp)
    regions = _regions(truth, settings)

    def screen(xy: npt.NDArray[np.int64]) -> Candidates:
        tissue = mask.coverage(xy, edge)
        reasons = np.zeros(len(xy), dtype=np.uint8)
        reasons[tissue < settings.tissue.min_fraction] = REASONS["low_tissue"]
        reasons[tissue == 0] = REASONS["background"]
        reasons[mask.pen_coverage(xy, edge) > settings.tissue.max_pen_fraction] = REASONS["pen"]
        asked = np.flatnonzero(reasons == 0)
        tumor = np.full(len(xy), np.nan, dtype=np.float32)
        labels = np.full(len(xy), UNKNOWN, dtype=np.int8)
        tumor[asked], labels[asked] = label(xy[asked])
        reasons[asked[labels[asked] == BOUNDARY]] = REASONS["boundary"]
        if truth.excluded:
            reasons[:] = REASONS["excluded"]
        strata = strata_of(labels, xy + np.float64(edge / 2), regions)
        return Candidates(xy, labels, tumor, tissue, reasons, strata)

    return screen


def _regions(truth: Truth, settings: ExtractSettings) -> Regions | None:
    """The regions a quota is shared over, where it is."""
    sampling = settings.sampling
    by_region = isinstance(sampling, RandomSampling) and sampling.strata == "region"
    return Regions.of(truth.regions.tumor) if by_region and truth.regions is not None else None
