"""Making the colours of slides alike: what a slide's stain is, and how it becomes another's.

A slide is measured once, on some of its patches, and every patch of it is then changed in the same
way. A method is one module: what it measures, how it measures, and what it does to pixels.
"""

from __future__ import annotations

from common.stain.methods import METHODS, Target
from common.stain.pixels import StainError, tissue_pixels
from common.stain.sample import patches_of, spread
from common.stain.stain import Stain, Unchanged

__all__ = [
    "METHODS",
    "Stain",
    "StainError",
    "Target",
    "Unchanged",
    "patches_of",
    "spread",
    "tissue_pixels",
]
