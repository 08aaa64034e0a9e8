"""What is known of tumour on a slide, and the label that follows for a patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from common.patch_file import schema

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer1_extract.config import LabelSettings

BOUNDARY: Final = -2
"""Neither class: partly tumour. Never stored as a label."""


class TumorRegions(Protocol):
    """Annotated tumour, as `common.annotations.Annotations` gives it."""

    def fraction(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square of `edge` level-0 px at `xy` (N, 2) that is tumour, (N,)."""
        ...

    def outlines(self) -> list[npt.NDArray[np.float64]]:
        """Closed rings around the regions and their holes, each (K, 2), level-0 px."""
        ...


@dataclass(frozen=True)
class Truth:
    """What is known of tumour on one slide.

    A missing annotation is never taken for "no tumour": without regions, only a slide known to be
    negative gives normal patches.

    Attributes
    ----------
    regions : TumorRegions or None
        The annotation, where the slide has one.
    negative : bool
        Whether the slide is known to hold no tumour.
    """

    regions: TumorRegions | None = None
    negative: bool = False

    @property
    def classes(self) -> tuple[int, ...]:
        """The labels that patches of this slide can have."""
        if self.regions is not None:
            return (schema.NORMAL, schema.TUMOR)
        return (schema.NORMAL,) if self.negative else (schema.UNKNOWN,)

    def fraction(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square that is tumour, (N,) float32; NaN where not known.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners.
        edge : int, level-0 px
        """
        if self.regions is not None:
            return self.regions.fraction(xy, edge)
        return np.full(len(xy), 0.0 if self.negative else np.nan, dtype=np.float32)

    def outlines(self) -> list[npt.NDArray[np.float64]]:
        """Closed rings around the known tumour, each (K, 2), level-0 px."""
        return self.regions.outlines() if self.regions is not None else []


def labels_of(
    tumor_fraction: npt.NDArray[np.float32], settings: LabelSettings
) -> npt.NDArray[np.int8]:
    """Label of each patch from the share of it that is tumour.

    Parameters
    ----------
    tumor_fraction : (N,) float32
        NaN where not known.
    settings : LabelSettings

    Returns
    -------
    (N,) int8
        1 tumour, 0 normal, -1 not known, `BOUNDARY` between the two classes.

    Examples
    --------
    >>> from layer1_extract.config import LabelSettings
    >>> labels_of(np.array([0, 0.2, 0.5, np.nan], np.float32), LabelSettings()).tolist()
    [0, -2, 1, -1]
    """
    labels = np.full(len(tumor_fraction), BOUNDARY, dtype=np.int8)
    labels[np.isnan(tumor_fraction)] = schema.UNKNOWN
    labels[tumor_fraction <= settings.normal_max] = schema.NORMAL
    labels[tumor_fraction >= settings.tumor_min] = schema.TUMOR
    return labels
