"""Haematoxylin and eosin of another slide: Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250.

Optical densities of tissue lie in the plane that two stains span. The directions at the rim of
what lies in it, but for outliers, are the stains; how much of each there is, is scaled to the
target's and mixed again with the target's colours. Pixels are changed by one matrix in all: what
neither stain explains is dropped, as in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from common.config import Settings
from common.stain.pixels import DENSITY, StainError

if TYPE_CHECKING:
    import numpy.typing as npt

Share = Annotated[float, Field(ge=-1, le=1)]
Strength = Annotated[float, Field(gt=0, le=20)]
_RIM: Final = (1.0, 99.0)  # percentiles of the angle in the plane
_STRONG: Final = 99.0  # percentile of a stain's amount
_LEAST_ANGLE, _MOST_ANGLE = 8.0, 60.0  # degrees between the stains; 20 to 40 is usual
_LEAST_STRENGTH: Final = 0.1
_LEAST_SHARE: Final = -0.1  # a stain takes light; a little less than none is noise
_DENSITY: Final = DENSITY.astype(np.float32)


class HEStains(Settings):
    """The two stains of a slide.

    Attributes
    ----------
    haematoxylin, eosin : (3,) float
        Optical density of red, green and blue, at unit length.
    strength : (2,) float
        99th percentile of the amounts of both in tissue, natural logarithm.
    """

    haematoxylin: tuple[Share, Share, Share]
    eosin: tuple[Share, Share, Share]
    strength: tuple[Strength, Strength]

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """(2, 3) float64: optical density of `strength` of each stain."""
        return np.array([self.haematoxylin, self.eosin]) * np.array(self.strength)[:, None]


TARGET: Final = HEStains(
    haematoxylin=(0.5261, 0.7518, 0.3975),
    eosin=(0.1559, 0.8244, 0.5441),
    strength=(2.959, 1.114),
)
"""Of the target image of TIAToolbox's tests of stain normalisation (BSD-3), by `measure`."""


@dataclass(frozen=True)
class Macenko:
    """Gives pixels the stains of `target`. See `common.stain.stain.Stain`.

    Attributes
    ----------
    source, target : HEStains
        Of the slide, and those it is to have.
    """

    source: HEStains
    target: HEStains
    fallback: str = ""

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Patches with the target's stains; (K, S, S, 3) uint8 RGB, as was given."""
        out = np.empty_like(patches)
        for patch, made in zip(patches, out, strict=True):
            density = cv2.LUT(patch, _DENSITY)
            cv2.transform(density, self._exponent, dst=density)
            cv2.convertScaleAbs(cv2.exp(density, dst=density), dst=made)
        return out

    @cached_property
    def _exponent(self) -> npt.NDArray[np.float32]:
        """(3, 4) float32: from the densities of a pixel to the logarithm of what it becomes."""
        remixed = np.linalg.pinv(self.source.matrix) @ self.target.matrix
        white = np.full((3, 1), np.log(255))
        return np.hstack([-remixed.T, white]).astype(np.float32)


def measure(pixels: npt.NDArray[np.uint8]) -> HEStains:
    """The two stains of tissue.

    Parameters
    ----------
    pixels : (P, 3) uint8, RGB
        Of tissue.

    Raises
    ------
    StainError
        If they are not stained twice.
    """
    density = DENSITY[pixels]
    _, axes = np.linalg.eigh(density.T @ density)
    plane = axes[:, [2, 1]] * np.where(axes[:, [2, 1]].sum(axis=0) < 0, -1, 1)
    along = density @ plane
    angle = np.arctan2(along[:, 1], along[:, 0])
    rim = [plane @ (np.cos(at), np.sin(at)) for at in np.percentile(angle, _RIM)]
    eosin, haematoxylin = sorted(rim, key=lambda stain: stain[0])  # which takes more red
    stains = np.stack([haematoxylin, eosin])
    _check_directions(stains)
    strength = np.percentile(density @ np.linalg.pinv(stains), _STRONG, axis=0)
    if (strength < _LEAST_STRENGTH).any():
        raise StainError("one of the two stains is hardly there")
    return HEStains(
        haematoxylin=tuple(haematoxylin.tolist()),
        eosin=tuple(eosin.tolist()),
        strength=tuple(strength.tolist()),
    )


def _check_directions(stains: npt.NDArray[np.float64]) -> None:
    """Refuse what are no two stains; (2, 3) float64, rows at unit length."""
    apart = float(np.degrees(np.arccos(np.clip(stains[0] @ stains[1], -1, 1))))
    if apart < _LEAST_ANGLE:
        raise StainError(f"its tissue has one stain: two would be {apart:.0f} degrees apart")
    if apart > _MOST_ANGLE or (stains < _LEAST_SHARE).any():
        raise StainError("its tissue has colours that two stains do not mix")
