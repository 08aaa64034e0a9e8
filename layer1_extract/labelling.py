"""The label that follows for a patch from where the tumour lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.patch_file import schema
from layer1_extract.margin import Margin

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from common.truth import Truth
    from layer1_extract.config import LabelSettings

BOUNDARY: Final = -2
"""Neither class: partly tumour, or too near an outline of it. Never stored as a label."""


def labelling(
    truth: Truth, edge: int, settings: LabelSettings, mpp: float
) -> Callable[[npt.NDArray[np.int64]], tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]]:
    """A function from corners to the share of each patch that is tumour, and its label.

    Parameters
    ----------
    truth : Truth
    edge : int, level-0 px
        Edge of a patch on the slide.
    settings : LabelSettings
    mpp : float, um/px
        Scale of level 0.

    Returns
    -------
    callable
        (N, 2) int64 level-0 corners to (N,) float32, NaN where not known, and (N,) int8: 1, 0, -1
        or `BOUNDARY`. The share is by area, whichever rule decides the label. By its centre, a
        patch outside the tumour is -1 where the annotation is not exhaustive. A patch any of which
        is marked uncertain is -1 under either rule.
    """
    margin = (
        Margin.along(truth.outlines(), settings.margin_um / mpp) if settings.margin_um else None
    )
    by_centre = settings.rule == "centre"

    def label(
        xy: npt.NDArray[np.int64],
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        share, centres = truth.fraction(xy, edge), xy + np.float64(edge / 2)
        labels = labels_of(share, settings)
        if by_centre and truth.regions is not None:
            other, tumor = (np.int8(label) for label in truth.classes)
            labels = np.where(truth.regions.contains(centres), tumor, other)
            labels[truth.doubtful(xy, edge)] = schema.UNKNOWN
        if margin is not None:
            near = margin.touches(centres, 0) if by_centre else margin.touches(xy, edge)
            labels[near] = BOUNDARY
        return share, labels

    return label


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
