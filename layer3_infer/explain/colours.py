"""The colours a map is shown in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from layer3_infer.explainers import EXPLAINERS

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer3_infer.explain.explanation import Explanation

ONE_SIDED: Final = "inferno"
FOR: Final = (0.88, 0.05, 0.05)
AGAINST: Final = (0.0, 0.72, 0.80)
"""RGB; both are far from the blue, violet and pink of stained tissue."""
OPACITY: Final = 0.65


def laid_over(explanation: Explanation) -> npt.NDArray[np.uint8]:
    """The patch with its map over it: the stronger, the more opaque; 0 leaves it as it is.

    Where speaking against tumour is part of the method's answer, that is turquoise and speaking for
    it red, both relative to the patch's strongest place of either kind. Else only what speaks for
    tumour is shown.

    Returns
    -------
    (S, S, 3) uint8, RGB
    """
    value = shown_values(explanation)
    opacity = OPACITY * np.abs(value)[..., None]
    over = explanation.patch * (1 - opacity) + 255 * colours(value, explanation.method) * opacity
    return np.rint(over).astype(np.uint8)


def shown_values(explanation: Explanation) -> npt.NDArray[np.float64]:
    """(S, S): -1 to 1 where the method is signed, else 0 to 1."""
    if not EXPLAINERS[explanation.method].signed:
        return explanation.attribution.astype(np.float64)
    strongest = float(np.abs(explanation.raw).max(initial=0))
    return explanation.raw.astype(np.float64) / (strongest or 1.0)


def colours(value: npt.NDArray[np.float64], method: str) -> npt.NDArray[np.float64]:
    """RGB in [0, 1] of values as `shown_values` gives them, (..., 3)."""
    import matplotlib as mpl

    if EXPLAINERS[method].signed:
        return np.where(value[..., None] < 0, AGAINST, FOR)
    return np.asarray(mpl.colormaps[ONE_SIDED](value))[..., :3]


def scale_colours(method: str) -> npt.NDArray[np.float64]:
    """(256, 3) RGB in [0, 1]: the scale of a method from its lowest value to 1, over white."""
    value = np.linspace(-1.0 if EXPLAINERS[method].signed else 0.0, 1.0, 256)
    opacity = OPACITY * np.abs(value)[:, None]
    return colours(value, method) * opacity + 1 - opacity
