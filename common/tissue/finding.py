"""Tissue found in a picture of a whole slide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.tissue.light import absorption
from common.tissue.mask import TissueMask
from common.tissue.pen import find_marks
from common.tissue.pieces import closed, without_small

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.tissue.light import Absorption
    from common.tissue.settings import TissueSettings

    Plane = npt.NDArray[np.bool_]

_DENSITY_LEVELS: Final = 255  # Otsu's histogram: density in steps of 1/255
_GREY: Final = 5  # saturation below which what is dark is dust out of focus, or a shadow


@dataclass(frozen=True, eq=False)
class Found:
    """A mask, and what its finding says about how far it can be trusted.

    Attributes
    ----------
    mask : TissueMask
    black_fraction : float
        Share of the slide that is a black edge.
    median_density, density_spread : float
        Of the tissue: median optical density, and from the 5th to the 95th percentile; 0 without.
    """

    mask: TissueMask
    black_fraction: float
    median_density: float
    density_spread: float


def find_tissue(
    thumbnail: npt.NDArray[np.uint8], slide: Pyramid, settings: TissueSettings
) -> TissueMask:
    """The tissue of a slide, from a picture of all of it; the mask of `look`."""
    return look(thumbnail, slide, settings).mask


def look(thumbnail: npt.NDArray[np.uint8], slide: Pyramid, settings: TissueSettings) -> Found:
    """The tissue and the pen marks of a slide, from a picture of all of it.

    Parameters
    ----------
    thumbnail : (H, W, 3) uint8, RGB
        The whole slide at about ``settings.mpp``.
    slide : Pyramid
    settings : TissueSettings

    Returns
    -------
    Found
        With a mask of the thumbnail's size. Empty where nothing is saturated or dense enough.
    """
    taken = absorption(thumbnail)
    density = taken.mean_density
    mpp = slide.mpp * slide.width / thumbnail.shape[1]
    marks = find_marks(taken, mpp)
    unmarked = ~(marks.pen | marks.black_edge)
    stained = _stained(taken, density, unmarked, settings)
    tissue = closed(stained & unmarked, round(settings.close_um / mpp / 2)) & unmarked
    pixels = settings.min_area_um2 / mpp**2
    tissue = ~without_small(~without_small(tissue, pixels), pixels) & unmarked
    low, median, high = np.percentile(density[tissue], [5, 50, 95]) if tissue.any() else (0, 0, 0)
    return Found(
        TissueMask(tissue, slide.width, slide.height, marks.pen),
        float(marks.black_edge.mean()),
        float(median),
        float(high - low),
    )


def _stained(
    taken: Absorption,
    density: npt.NDArray[np.float32],
    unmarked: Plane,
    settings: TissueSettings,
) -> Plane:
    """What is above one of the thresholds."""
    stained = np.zeros(unmarked.shape, np.bool_)
    if settings.method != "otsu_density":
        low, high = settings.min_saturation, settings.max_saturation
        otsu = _otsu(taken.saturation[unmarked])
        stained |= taken.saturation > min(max(otsu, low), high)
    if settings.method != "otsu_saturation":
        low, high = settings.min_density, settings.max_density
        steps = np.asarray(cv2.convertScaleAbs(density, alpha=_DENSITY_LEVELS), dtype=np.uint8)
        otsu = _otsu(steps[unmarked]) / _DENSITY_LEVELS
        stained |= (density > min(max(otsu, low), high)) & (taken.saturation >= _GREY)
    return stained


def _otsu(values: npt.NDArray[np.uint8]) -> float:
    """Otsu's threshold of `values`, (N,) uint8; 0 where there are none."""
    if not values.size:
        return 0.0
    return cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
