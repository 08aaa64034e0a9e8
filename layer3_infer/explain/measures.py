"""What a pathologist would measure on a patch: its nuclei's number, size, shape and chromatin.

Pure functions of pixels, labels and scale. Nuclei come from `layer3_infer.explain.nuclei` or from
masks the user gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from layer3_infer.explain.haematoxylin import haematoxylin
from layer3_infer.explain.haralick import texture
from layer3_infer.explain.nuclear_shape import NuclearShape

if TYPE_CHECKING:
    import numpy.typing as npt

_FINE: Final = 0.25
"""Scale of 40x, um/px: Graziani et al. look at shape and texture there."""
_SAME_SCALE: Final = 0.02
"""Two scales that differ by less are one."""
LEVELS: Final = 16
DARKEST: Final = 2.0
"""Grey levels of chromatin: equal steps of haematoxylin, from none to this many times the mean of
the patch's nuclei; more is the last level.

By Beer and Lambert's law a stronger stain multiplies every density by the same number, so a level
means the same in slides of two laboratories. Range and levels do not depend on the spread.
"""
PAIR_UM: Final = 0.5
"""From one pixel of a pair to the other; one pixel where pixels are larger."""
RIM_UM: Final = 1.0
"""What is left out along an outline, where a nucleus' light mixes with its surroundings'."""


@dataclass(frozen=True)
class Measure:
    """One property of the nuclei of a patch.

    Attributes
    ----------
    name : str
        Its key.
    title : str
        For an axis or the head of a table.
    unit : str
        Empty where it has none.
    said : str
        What more of it means, as a clause.
    mpp : float or None, um/px
        The scale it is measured at; a coarser patch is measured at its own, see `scale_of`. None
        is always the patch's own.
    """

    name: str
    title: str
    unit: str
    said: str
    mpp: float | None


MEASURES: Final[dict[str, Measure]] = {
    measure.name: measure
    for measure in (
        Measure("nuclei_number", "Number of nuclei", "per patch", "there are more nuclei", None),
        Measure("nuclei_area_mean", "Mean nuclear area", "um2", "nuclei are larger", _FINE),
        Measure("nuclei_area_sum", "Summed nuclear area", "um2", "nuclei cover more", _FINE),
        Measure(
            "nuclei_eccentricity", "Nuclear eccentricity", "", "nuclei are more elongated", _FINE
        ),
        Measure("asm", "Chromatin ASM", "", "chromatin is more even", _FINE),
        Measure("contrast", "Chromatin contrast", "levels2", "chromatin is coarser", _FINE),
        Measure(
            "correlation", "Chromatin correlation", "", "chromatin changes more gradually", _FINE
        ),
        Measure("entropy", "Chromatin entropy", "nat", "chromatin is more disordered", _FINE),
        Measure(
            "dissimilarity",
            "Chromatin dissimilarity",
            "levels",
            "chromatin varies more from point to point",
            _FINE,
        ),
    )
}
"""Every measure, by name; `measure` gives one value for each."""


def scale_of(measure: Measure, mpp: float) -> float:
    """The scale a patch of `mpp` is measured at, um/px.

    Examples
    --------
    >>> [scale_of(MEASURES["contrast"], mpp) for mpp in (0.125, 0.25, 0.972)]
    [0.25, 0.25, 0.972]
    """
    if measure.mpp is None or mpp > measure.mpp * (1 - _SAME_SCALE):
        return mpp
    return measure.mpp


def measure(
    patch: npt.NDArray[np.uint8], nuclei: npt.NDArray[np.integer], mpp: float
) -> dict[str, float]:
    """Every measure of one patch.

    Parameters
    ----------
    patch : (H, W, 3) uint8, RGB
    nuclei : (H, W) int
        0 background; each other value is one nucleus.
    mpp : float, um/px

    Returns
    -------
    dict of str to float
        In the order of `MEASURES`. Without nuclei their number and summed area are 0; a mean
        without a nucleus seen whole, and a texture without enough pixels, are NaN.
    """
    shape = NuclearShape(nuclei)
    return {
        "nuclei_number": float(shape.number),
        "nuclei_area_mean": _mean(shape.areas) * mpp**2,
        "nuclei_area_sum": shape.covered * mpp**2,
        "nuclei_eccentricity": _mean(shape.eccentricities),
        **_chromatin(patch, nuclei, mpp),
    }


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else np.nan


def _chromatin(
    patch: npt.NDArray[np.uint8], nuclei: npt.NDArray[np.integer], mpp: float
) -> dict[str, float]:
    """Haralick's features of haematoxylin inside nuclei, away from their outlines."""
    names = np.unique(nuclei[nuclei > 0])
    numbered = np.where(nuclei > 0, np.searchsorted(names, nuclei) + 1, 0)
    labels: npt.NDArray[Any] = numbered.astype(np.float32)  # which holds no large label exactly
    scale = scale_of(MEASURES["contrast"], mpp)
    if scale != mpp:
        height, width = (max(1, round(edge * mpp / scale)) for edge in labels.shape)
        patch = np.asarray(
            cv2.resize(patch, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        labels = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    inner = _without_rim(labels, RIM_UM / scale).astype(np.int64)
    grey = _levels(haematoxylin(patch), inner > 0)
    return texture(grey, inner, LEVELS, max(1, round(PAIR_UM / scale)))


def _levels(amount: npt.NDArray[np.float32], nuclear: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """(H, W) int64 in [0, LEVELS): haematoxylin, by its mean where it is `nuclear`."""
    mean = float(amount[nuclear].mean()) if nuclear.any() else 0.0
    if mean == 0:
        return np.zeros(amount.shape, np.int64)
    return np.minimum((amount * (LEVELS / DARKEST / mean)).astype(np.int64), LEVELS - 1)


def _without_rim(labels: npt.NDArray[np.float32], rim: float) -> npt.NDArray[np.float32]:
    """`labels` where all within `rim` px is of the same nucleus; the patch's edge is no outline."""
    reach = round(rim)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    least, most = cv2.erode(labels, around), cv2.dilate(labels, around)
    return np.where(least == most, labels, 0)
