"""Colours with another mean and spread: Reinhard et al. 2001, doi:10.1109/38.946629.

In CIE L*a*b*, each of whose three channels is moved and stretched by itself; the paper's own space
of colours has the same three axes. Only tissue is measured, and only tissue is changed: from
where tissue ends, the brighter a pixel the less it is changed, and white stays white.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final

import cv2
import numpy as np
from pydantic import Field

from common.config import Settings
from common.stain.pixels import StainError

if TYPE_CHECKING:
    import numpy.typing as npt

Spread = Annotated[float, Field(gt=0, le=100)]
_SCALE: Final = np.array([100 / 255, 1.0, 1.0])
_ZERO: Final = np.array([0.0, 128.0, 128.0])  # OpenCV's bytes of L*a*b*
_TISSUE_ENDS: Final = 80.0  # L* up to which all of a pixel's colour is changed
_GLASS: Final = 94.0  # L* from which on none of it is
_LEAST_SPREAD: Final = (2.0, 1.0, 1.0)
"""Of L*, a* and b*; with less there is one colour only, and stretching it would be noise."""


class LabColours(Settings):
    """How the colours of tissue lie, in CIE L*a*b* (D65).

    Attributes
    ----------
    mean, spread : (3,) float
        Mean and standard deviation of L* (0 to 100), a* and b*.
    """

    mean: tuple[float, float, float]
    spread: tuple[Spread, Spread, Spread]


TARGET: Final = LabColours(mean=(48.37, 32.49, -14.42), spread=(13.43, 5.18, 6.07))
"""Of the target image of TIAToolbox's tests of stain normalisation (BSD-3), by `measure`."""


@dataclass(frozen=True)
class Reinhard:
    """Gives pixels the colours of `target`. See `common.stain.stain.Stain`.

    Attributes
    ----------
    source, target : LabColours
        Of the slide, and those it is to have.
    """

    source: LabColours
    target: LabColours
    fallback: str = ""

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Patches in the target's colours; (K, S, S, 3) uint8 RGB, as was given."""
        full, light, changed, kept = self._tables
        out = np.empty_like(patches)
        for patch, made in zip(patches, out, strict=True):
            lab = cv2.cvtColor(patch, cv2.COLOR_RGB2LAB)
            brightness = lab[..., 0]
            mixed = cv2.blendLinear(
                cv2.LUT(lab, full),
                cv2.LUT(lab, light),
                cv2.LUT(brightness, changed),
                cv2.LUT(brightness, kept),
            )
            cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB, dst=made)
        return out

    @cached_property
    def _tables(self) -> tuple[npt.NDArray[Any], ...]:
        """For bytes of L*a*b*.

        Returns
        -------
        full, light : (256, 1, 3) uint8
            All three channels changed; brightness alone.
        changed, kept : (256,) float32
            By brightness, the share of either; their sum is 1.
        """
        level = (np.arange(256)[:, None] - _ZERO) * _SCALE
        ratio = np.divide(self.target.spread, self.source.spread)
        moved = (level - self.source.mean) * ratio + self.target.mean
        brightness = level[:, 0]
        moved[:, 0] = moved[:, 0].clip(0, _GLASS)
        end = np.interp(_TISSUE_ENDS, brightness, moved[:, 0])
        beyond = np.interp(brightness, (_TISSUE_ENDS, _GLASS, 100), (end, _GLASS, 100))
        moved[:, 0] = np.where(brightness < _TISSUE_ENDS, moved[:, 0], beyond)
        full = np.rint(moved / _SCALE + _ZERO).clip(0, 255).astype(np.uint8)
        light = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        light[:, 0] = full[:, 0]
        changed = np.interp(brightness, (_TISSUE_ENDS, _GLASS), (1, 0)).astype(np.float32)
        return full[:, None], light[:, None], changed, 1 - changed


def measure(pixels: npt.NDArray[np.uint8]) -> LabColours:
    """How the colours of `pixels` lie.

    Parameters
    ----------
    pixels : (P, 3) uint8, RGB
        Of tissue.

    Raises
    ------
    StainError
        If they have one colour, or are grey.
    """
    stored = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2LAB)[0].astype(np.float64)
    lab = (stored - _ZERO) * _SCALE
    mean, spread = lab.mean(axis=0), lab.std(axis=0)
    if (spread < _LEAST_SPREAD).any():
        said = ", ".join(f"{value:.1f}" for value in spread)
        raise StainError(f"its tissue has hardly more than one colour (L*a*b* spread {said})")
    return LabColours(mean=tuple(mean.tolist()), spread=tuple(spread.tolist()))
