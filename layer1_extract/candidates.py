"""Places on a slide a patch might be cut from, and what is known of each before it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.patch_file.schema import REASONS
from layer1_extract.labelling import BOUNDARY, labels_of

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
    """

    xy: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int8]
    tumor_fraction: npt.NDArray[np.float32]
    tissue_fraction: npt.NDArray[np.float32]
    reasons: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.xy)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Candidates:
        """The candidates at `rows`, in that order."""
        return Candidates(
            self.xy[rows],
            self.labels[rows],
            self.tumor_fraction[rows],
            self.tissue_fraction[rows],
            self.reasons[rows],
        )

    def joined(self, others: Sequence[Candidates]) -> Candidates:
        """These candidates, then the others, in their order."""
        every = [self, *others]
        return Candidates(
            np.concatenate([one.xy for one in every]),
            np.concatenate([one.labels for one in every]),
            np.concatenate([one.tumor_fraction for one in every]),
            np.concatenate([one.tissue_fraction for one in every]),
            np.concatenate([one.reasons for one in every]),
        )

    def because(self, reasons: npt.NDArray[np.uint8]) -> Candidates:
        """The same candidates with other reasons, (N,) uint8."""
        return Candidates(self.xy, self.labels, self.tumor_fraction, self.tissue_fraction, reasons)


def screening(
    mask: TissueMask, truth: Truth, edge: int, settings: ExtractSettings
) -> Callable[[npt.NDArray[np.int64]], Candidates]:
    """A function from corners to candidates, judged by mask and annotation alone.

    Parameters
    ----------
    mask : TissueMask
    truth : Truth
    edge : int, level-0 px
        Edge of a patch on the slide.
    settings : ExtractSettings

    Returns
    -------
    callable
        (N, 2) int64 level-0 corners to `Candidates` in the same order. A patch without any tissue
        is ``background``, with too little ``low_tissue``, of neither class ``boundary``.
    """

    def screen(xy: npt.NDArray[np.int64]) -> Candidates:
        tissue = mask.coverage(xy, edge)
        reasons = np.zeros(len(xy), dtype=np.uint8)
        reasons[tissue < settings.tissue.min_fraction] = REASONS["low_tissue"]
        reasons[tissue == 0] = REASONS["background"]
        tumor = np.full(len(xy), np.nan, dtype=np.float32)
        tumor[reasons == 0] = truth.fraction(xy[reasons == 0], edge)
        labels = labels_of(tumor, settings.labels)
        reasons[(reasons == 0) & (labels == BOUNDARY)] = REASONS["boundary"]
        return Candidates(xy, labels, tumor, tissue, reasons)

    return screen
