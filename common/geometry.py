"""Where things are on a slide, and how large.

Two frames, and no others. *Level-0 pixels* locate: (x, y), x right, y down, origin at the top
left of the full-resolution image. *Microns per pixel* (mpp) scale. A level index is a detail of
storage and never leaves this module or a slide reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCALE_TOLERANCE: Final = 0.02
"""Two scales within this share of each other are the same scale."""


def same_scale(mpp: float, target: float) -> bool:
    """Whether `mpp` is within 2 % of `target`.

    Examples
    --------
    >>> same_scale(0.2456, 0.25), same_scale(0.2439, 0.25)
    (True, False)
    """
    return abs(mpp - target) <= SCALE_TOLERANCE * target


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in level-0 pixels.

    Attributes
    ----------
    x, y : int, level-0 px
        Top-left corner.
    width, height : int, level-0 px
        Extent; at least 1.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"box must be at least 1 x 1 px, got {self.width} x {self.height}")


@dataclass(frozen=True)
class Pyramid:
    """The resolution levels of one slide. Holds no pixels and no open file.

    Attributes
    ----------
    sizes : tuple of (width, height), px
        One per level, finest first.
    mpp : float, um/px
        Scale of level 0.
    """

    sizes: tuple[tuple[int, int], ...]
    mpp: float

    def __post_init__(self) -> None:
        if not self.sizes or min(min(size) for size in self.sizes) < 1:
            raise ValueError(f"levels must be at least 1 x 1 px, got {self.sizes}")
        if not self.mpp > 0:
            raise ValueError(f"mpp must be greater than 0 um/px, got {self.mpp}")

    @property
    def width(self) -> int:
        """Width of the slide, level-0 px."""
        return self.sizes[0][0]

    @property
    def height(self) -> int:
        """Height of the slide, level-0 px."""
        return self.sizes[0][1]

    @property
    def bounds(self) -> Box:
        """The whole slide."""
        return Box(0, 0, self.width, self.height)

    def downsample(self, level: int) -> float:
        """Level-0 pixels per pixel of `level`: the mean of both axes, since sizes are rounded."""
        width, height = self.sizes[level]
        return (self.width / width + self.height / height) / 2

    def level_mpp(self, level: int) -> float:
        """Scale of `level`, um/px."""
        return self.mpp * self.downsample(level)

    def level_for(self, mpp: float) -> int:
        """Coarsest level that is at least as fine as `mpp`, within 2 %.

        Reading there and shrinking loses nothing; reading coarser and enlarging would.

        Examples
        --------
        >>> slide = Pyramid(sizes=((8192, 8192), (2048, 2048)), mpp=0.25)
        >>> slide.level_for(0.5), slide.level_for(1.0), slide.level_for(0.1)
        (0, 1, 0)
        """
        fine_enough = [
            level
            for level in range(len(self.sizes))
            if self.level_mpp(level) <= mpp * (1 + SCALE_TOLERANCE)
        ]
        return fine_enough[-1] if fine_enough else 0
