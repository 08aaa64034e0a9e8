"""The layout of one slide before any of its colours: tissue, tumour and fat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layer1_extract.phantom.fat import grow_fat
from layer1_extract.phantom.lesions import covered, grow_lesions
from layer1_extract.phantom.planes import STEP, distance_to
from layer1_extract.phantom.tissue import Tissue, grow_tissue

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What lies where.

    Attributes
    ----------
    size : int, level-0 px
        Edge of the slide.
    tissue : Tissue
    lesions : tuple of (V, 2) float64, level-0 px
        Polygons of tumour; empty on a negative slide.
    fat : (N, 3) float64, level-0 px
        Centre and radius of each vacuole.
    """

    size: int
    tissue: Tissue
    lesions: tuple[npt.NDArray[np.float64], ...]
    fat: npt.NDArray[np.float64]

    @property
    def tissue_share(self) -> float:
        """Share of the slide that is tissue."""
        return float(np.mean(self.tissue.depth.values > 0))


def grow_anatomy(rng: np.random.Generator, size: int, *, tumor: bool) -> Anatomy:
    """Tissue, then tumour deep in it, then fat away from the tumour.

    Parameters
    ----------
    rng : Generator
    size : int, level-0 px
    tumor : bool
        Whether the slide is positive.
    """
    tissue = grow_tissue(rng, size)
    lesions = grow_lesions(rng, tissue.depth) if tumor else ()
    edge = size // STEP
    room = np.minimum(tissue.depth.values, distance_to(covered(list(lesions), (edge, edge))))
    return Anatomy(size, tissue, lesions, grow_fat(rng, room, size))
