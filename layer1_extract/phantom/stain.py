"""Stain densities to colours, by Beer and Lambert's law, with a stain for each centre."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Stain:
    """One laboratory's haematoxylin, eosin and lamp.

    Attributes
    ----------
    haematoxylin, eosin : tuple of float
        Optical density (natural logarithm) in red, green and blue of a density of 1.
    glass : tuple of float
        Red, green and blue of bare glass; 0 to 255.
    """

    haematoxylin: Colour
    eosin: Colour
    glass: Colour

    def colour(
        self,
        haematoxylin: npt.NDArray[np.float32],
        eosin: npt.NDArray[np.float32],
        ink: npt.NDArray[np.float32] | None = None,
    ) -> npt.NDArray[np.float32]:
        """What the scanner sees.

        Parameters
        ----------
        haematoxylin, eosin : (H, W) float32
            Densities of the two stains.
        ink : (H, W, 3) float32, optional
            Optical density of whatever else lies in the light.

        Returns
        -------
        (H, W, 3) float32, RGB, 0 to 255
        """
        channels = []
        for channel in range(3):
            density = haematoxylin * np.float32(-self.haematoxylin[channel])
            density -= eosin * np.float32(self.eosin[channel])
            if ink is not None:
                density -= ink[..., channel]
            channels.append(cv2.exp(density) * np.float32(self.glass[channel]))
        return np.asarray(cv2.merge(channels), np.float32)

    def varied(self, rng: np.random.Generator) -> Stain:
        """This stain on another day: each dye a little stronger or weaker, the lamp as well."""
        dye = rng.normal(1, 0.06, 2).clip(0.85, 1.15)
        lamp = rng.normal(0, 1.5)
        return replace(
            self,
            haematoxylin=_scaled(self.haematoxylin, dye[0]),
            eosin=_scaled(self.eosin, dye[1]),
            glass=tuple(min(value + lamp, 250.0) for value in self.glass),
        )


STAINS: Final = (
    Stain((0.88, 0.90, 0.36), (0.24, 0.62, 0.18), (236, 237, 242)),  # pale violet
    Stain((0.80, 1.32, 0.74), (0.10, 1.02, 0.62), (244, 240, 230)),  # reddish brown, yellow lamp
    Stain((1.08, 1.20, 0.58), (0.14, 0.84, 0.32), (243, 243, 243)),  # blue nuclei, clear pink
)
"""One per centre, in order; the last lies between the other two (see `roster`)."""


def _scaled(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return red * factor, green * factor, blue * factor
