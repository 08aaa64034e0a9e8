"""What patches cost: processor time and disk space, as measured.

Times are of one core of a 2-core x86-64 virtual machine in November 2026, for a CAMELYON-like
BigTIFF with JPEG tiles of 512 px at 0.25 um/px, and grow with the pixels that are read. Other
machines, readers and slides differ by a factor of two or three: `plan --calibrate` measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from layer1_extract.config import ExtractSettings

READ_S: Final = {"dense": 0.0065, "random": 0.0220}
"""Reading and judging a megapixel of the slide, s: patches side by side, and scattered ones."""

STORE_S: Final = {"raw": 0.0018, "jpeg": 0.0035, "none": 0.0}
"""Writing a megapixel of patches, s."""

START_S: Final = 1.0
"""Starting a task: Python and the libraries."""

BESIDE_S: Final = 0.3
"""What a slide, or a part of one, takes beside its patches and the looks from afar: the preview,
the mask, and the files."""

JPEG_BYTES: Final = {50: 0.18, 70: 0.22, 80: 0.26, 90: 0.35, 95: 0.48, 98: 0.63, 100: 0.84}
"""Bytes per pixel by quality, of the Aperio sample CMU-1-Small-Region at 0.5 um/px. At 1 um/px,
where a pixel shows more, patches of PatchCamelyon took 1.6 times as much."""

RAW_BYTES: Final = 3.0
ROW_BYTES: Final = 26.0
"""What a patch takes beside its pixels: place, label, and two fractions."""


@dataclass(frozen=True)
class Cost:
    """What one patch costs.

    Attributes
    ----------
    read_s : float, s
        To read and judge a megapixel of the slide.
    store_s : float, s
        To encode and write a megapixel of patches.
    jpeg_bytes : float
        Of a pixel stored as JPEG.
    measured : bool
        Here and now, on a slide of this cohort, rather than before.
    """

    read_s: float
    store_s: float
    jpeg_bytes: float
    measured: bool = False

    @classmethod
    def known(cls, settings: ExtractSettings) -> Cost:
        """What was measured before, for this way of sampling and storing."""
        storage = settings.storage
        qualities, sizes = zip(*sorted(JPEG_BYTES.items()), strict=True)
        size = float(np.interp(storage.quality, qualities, sizes))
        return cls(READ_S[settings.sampling.method], STORE_S[storage.codec], size)

    def patch_bytes(self, size: int) -> dict[str, float]:
        """Bytes of a patch of `size` px by codec."""
        pixels = size**2
        return {
            "raw": ROW_BYTES + RAW_BYTES * pixels,
            "jpeg": ROW_BYTES + self.jpeg_bytes * pixels,
            "none": ROW_BYTES,
        }
