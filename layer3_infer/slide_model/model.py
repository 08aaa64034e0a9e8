"""The slide model as a value: standardised features times coefficients, and a softmax.

NumPy alone applies it. Multinomial logistic regression; of two classes, the first has no
coefficients, and it is the usual one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

NEGATIVE: Final = "negative"
_LOGARITHMIC: Final = ("regions", "largest_area_um2", "longest_um")
"""Features that span orders of magnitude: their logarithm is taken, of one more than they are."""


def is_logarithmic(name: str) -> bool:
    """Whether the logarithm of a feature is used.

    Examples
    --------
    >>> is_logarithmic("largest_area_um2_above_0.5"), is_logarithmic("maximum")
    (True, False)
    """
    return name.partition("_above_")[0] in _LOGARITHMIC


@dataclass(frozen=True, eq=False)
class SlideModel:
    """A linear classifier of slides.

    Attributes
    ----------
    features : tuple of str
        Names, in the order of everything below.
    means, scales : (F,) float64
        Of the features of the slides it was trained on, after their logarithm where
        `is_logarithmic`.
    classes : tuple of str
        The first is ``negative``.
    coefficients : (K, F) float64
    intercepts : (K,) float64
    """

    features: tuple[str, ...]
    means: npt.NDArray[np.float64]
    scales: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    coefficients: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = {
            "means": (len(self.features),),
            "scales": (len(self.features),),
            "coefficients": (len(self.classes), len(self.features)),
            "intercepts": (len(self.classes),),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name}: expected {shape} finite numbers, found {array.shape}")
            array.flags.writeable = False
        if not (self.scales > 0).all():
            raise ValueError("scales: expected numbers greater than 0, found others")

    def probabilities(self, slides: Sequence[Mapping[str, float]]) -> npt.NDArray[np.float64]:
        """(N, K) float64: of each class for each slide; NaN where its features are not known.

        Parameters
        ----------
        slides : sequence of mapping
            Features by name, see `layer3_infer.slide_features`.
        """
        values = (table(slides, self.features) - self.means) / self.scales
        logits = values @ self.coefficients.T + self.intercepts
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


def table(
    slides: Sequence[Mapping[str, float]], features: Sequence[str]
) -> npt.NDArray[np.float64]:
    """(N, F) float64: features of slides, with the logarithm of those that are logarithmic."""
    rows = [[slide[name] for name in features] for slide in slides]
    values = np.array(rows, dtype=np.float64).reshape(len(slides), len(features))
    logarithmic = [is_logarithmic(name) for name in features]
    values[:, logarithmic] = np.log1p(values[:, logarithmic])
    return values
