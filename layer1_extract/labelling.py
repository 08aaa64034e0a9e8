"""The label that follows for a patch from the share of it that is tumour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.patch_file import schema

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer1_extract.config import LabelSettings

BOUNDARY: Final = -2
"""Neither class: partly tumour. Never stored as a label."""


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
