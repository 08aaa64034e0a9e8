"""How much haematoxylin each pixel holds, by colour deconvolution.

Ruifrok and Johnston 2001, Anal Quant Cytol Histol 23:291-299. One matrix for every patch: that of
the paper for haematoxylin and eosin, whose third direction is at right angles to both. A slide's
own stains are not measured here; where laboratories differ, patches are given the same stain
before they come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.stain.pixels import DENSITY

if TYPE_CHECKING:
    import numpy.typing as npt

_HAEMATOXYLIN: Final = (0.65, 0.70, 0.29)
_EOSIN: Final = (0.07, 0.99, 0.11)
"""Optical density of red, green and blue; the paper's, before they are brought to unit length."""


def _unmixing() -> npt.NDArray[np.float32]:
    """(1, 3) float32: optical densities of red, green and blue to the amount of haematoxylin."""
    stains = np.array([_HAEMATOXYLIN, _EOSIN, np.cross(_HAEMATOXYLIN, _EOSIN)])
    stains /= np.linalg.norm(stains, axis=1, keepdims=True)
    return np.linalg.inv(stains)[:, :1].T.astype(np.float32)


_UNMIX: Final = _unmixing()
_DENSITY: Final = DENSITY.astype(np.float32)


def haematoxylin(patch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Haematoxylin of each pixel.

    Parameters
    ----------
    patch : (H, W, 3) uint8, RGB

    Returns
    -------
    (H, W) float32
        Optical density along haematoxylin's direction, natural logarithm; 0 is none, a dark
        nucleus has 1 to 2. Never negative.

    Examples
    --------
    >>> haematoxylin(np.full((1, 1, 3), 255, np.uint8)).item()
    0.0
    """
    return np.maximum(cv2.transform(cv2.LUT(patch, _DENSITY), _UNMIX), 0)
