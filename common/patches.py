"""What a patch is, and a slide's worth of patch locations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.geometry import same_scale

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid


@dataclass(frozen=True)
class PatchSpec:
    """The square a network sees: an edge in pixels at a physical scale.

    Attributes
    ----------
    size : int, px
        Edge of the image handed to the network.
    mpp : float, um/px
        Scale of that image.
    """

    size: int
    mpp: float

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1 px, got {self.size}")
        if not self.mpp > 0:
            raise ValueError(f"mpp must be greater than 0 um/px, got {self.mpp}")

    def agrees(self, other: PatchSpec) -> bool:
        """Whether patches of both may be mixed: equal size, scales within 2 %.

        Examples
        --------
        >>> PatchSpec(224, 0.25).agrees(PatchSpec(224, 0.2456))
        True
        """
        return self.size == other.size and same_scale(self.mpp, other.mpp)

    def on(self, slide: Pyramid) -> PatchSpec:
        """The patch that `slide` really gives: a level within 2 % is read unscaled.

        Examples
        --------
        >>> from common.geometry import Pyramid
        >>> PatchSpec(224, 0.25).on(Pyramid(((8192, 8192),), mpp=0.2456))
        PatchSpec(size=224, mpp=0.2456)
        """
        level_mpp = slide.level_mpp(slide.level_for(self.mpp))
        return PatchSpec(self.size, level_mpp) if same_scale(level_mpp, self.mpp) else self

    def edge_on(self, slide: Pyramid) -> int:
        """Edge of the patch on `slide`, level-0 px; at least 1.

        Examples
        --------
        >>> from common.geometry import Pyramid
        >>> PatchSpec(size=224, mpp=0.5).edge_on(Pyramid(((8192, 8192),), mpp=0.25))
        448
        """
        return self.length_on(slide, self.size)

    def length_on(self, slide: Pyramid, length: int) -> int:
        """`length` pixels of the patch as level-0 px of `slide`, rounded; at least 1."""
        return max(1, round(length * self.on(slide).mpp / slide.mpp))


@dataclass(frozen=True, eq=False)
class Locations:
    """Top-left corners of the patches to read from one slide.

    Attributes
    ----------
    slide_id : str
        Key of the slide in every file this project writes.
    spec : PatchSpec
        The patch each corner stands for.
    xy : (N, 2) int64, level-0 px
        One (x, y) per patch, by row, then by column.
    """

    slide_id: str
    spec: PatchSpec
    xy: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.xy.ndim != 2 or self.xy.shape[1] != 2 or self.xy.dtype != np.int64:
            raise ValueError(
                f"xy must be (N, 2) int64, got {self.xy.shape} {self.xy.dtype} "
                f"for slide {self.slide_id!r}"
            )
        self.xy.flags.writeable = False

    def __len__(self) -> int:
        return len(self.xy)
