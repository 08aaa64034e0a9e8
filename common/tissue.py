"""Where a slide has tissue.

The mask is made at a fixed physical scale, never at a level: the same settings mean the same on
every scanner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from pydantic import Field

from common.config import Settings

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid


class TissueSettings(Settings):
    """How tissue is told from glass.

    Attributes
    ----------
    method : {"otsu"}
        Otsu's threshold on saturation (Otsu 1979, doi:10.1109/TSMC.1979.4310076).
    mpp : float, um/px
        Scale of the mask.
    min_saturation, max_saturation : int, 0 to 255
        The threshold is held between these. Otsu splits any image in two: a slide of glass alone
        would be given tissue, and one full of tissue would lose half of it.
    close_um : float, um
        Gaps narrower than this are closed.
    min_area_um2 : float, um2
        Smaller pieces are dropped, and smaller holes filled.
    min_fraction : float
        Share of a patch that must be tissue; a patch with less is not analysed.
    """

    method: Literal["otsu"] = "otsu"
    mpp: float = Field(default=8.0, gt=0, le=100)
    min_saturation: int = Field(default=12, ge=0, le=255)
    max_saturation: int = Field(default=40, ge=0, le=255)
    close_um: float = Field(default=48.0, ge=0, le=1000)
    min_area_um2: float = Field(default=20_000.0, ge=0)
    min_fraction: float = Field(default=0.25, gt=0, le=1)


@dataclass(frozen=True, eq=False)
class TissueMask:
    """A mask laid over a whole slide.

    Attributes
    ----------
    tissue : (H, W) bool
        Rows down, columns right.
    width, height : int, level-0 px
        Extent of the slide the mask covers.
    """

    tissue: npt.NDArray[np.bool_]
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.tissue.ndim != 2 or self.tissue.dtype != np.bool_:
            raise ValueError(f"tissue must be (H, W) bool, got {self.tissue.shape}")
        self.tissue.flags.writeable = False

    @property
    def fraction(self) -> float:
        """Share of the slide that is tissue."""
        return float(self.tissue.mean())

    def coverage(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square that is tissue.

        Exact for the mask: its integral image is bilinear between pixel corners.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners; what lies outside the slide counts as no tissue.
        edge : int, level-0 px

        Returns
        -------
        (N,) float32
        """
        integral = np.asarray(cv2.integral(self.tissue.astype(np.uint8)), dtype=np.float64)
        rows, columns = self.tissue.shape
        x = np.clip(np.stack([xy[:, 0], xy[:, 0] + edge]) * columns / self.width, 0, columns)
        y = np.clip(np.stack([xy[:, 1], xy[:, 1] + edge]) * rows / self.height, 0, rows)
        corner = _bilinear(integral, y[:, None], x[None, :])
        area = corner[1, 1] - corner[0, 1] - corner[1, 0] + corner[0, 0]
        whole = (edge * columns / self.width) * (edge * rows / self.height)
        return np.clip(np.round(area / whole, 6), 0, 1).astype(np.float32)

    def centres(self) -> npt.NDArray[np.float64]:
        """Centres of the mask's tissue pixels, (N, 2) float64 (x, y), level-0 px, by row."""
        rows, columns = self.tissue.shape
        row, column = np.nonzero(self.tissue)
        return np.stack(
            [(column + 0.5) * self.width / columns, (row + 0.5) * self.height / rows], axis=1
        )


def find_tissue(
    thumbnail: npt.NDArray[np.uint8], slide: Pyramid, settings: TissueSettings
) -> TissueMask:
    """The tissue of a slide, from a picture of all of it.

    Parameters
    ----------
    thumbnail : (H, W, 3) uint8, RGB
        The whole slide at about ``settings.mpp``.
    slide : Pyramid
    settings : TissueSettings

    Returns
    -------
    TissueMask
        Of the thumbnail's size. Empty where nothing is saturated enough.
    """
    saturation = cv2.cvtColor(cv2.medianBlur(thumbnail, 3), cv2.COLOR_RGB2HSV)[..., 1]
    otsu, _ = cv2.threshold(saturation, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    threshold = min(max(otsu, settings.min_saturation), settings.max_saturation)
    tissue = (saturation > threshold).astype(np.uint8)
    mpp = slide.mpp * slide.width / thumbnail.shape[1]
    tissue = _close(tissue, radius=round(settings.close_um / mpp / 2))
    pixels = settings.min_area_um2 / mpp**2
    holes_filled = _without_small(1 - _without_small(tissue, pixels), pixels) == 0
    return TissueMask(holes_filled, slide.width, slide.height)


def _close(mask: npt.NDArray[np.uint8], radius: int) -> npt.NDArray[np.uint8]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    glass = np.pad(mask, radius)  # else tissue near the edge of the slide is drawn out to it
    closed = np.asarray(cv2.morphologyEx(glass, cv2.MORPH_CLOSE, kernel), dtype=np.uint8)
    return closed[radius : radius + mask.shape[0], radius : radius + mask.shape[1]]


def _without_small(mask: npt.NDArray[np.uint8], pixels: float) -> npt.NDArray[np.uint8]:
    """`mask` without its connected pieces of fewer than `pixels` pixels."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = np.asarray(stats[:, cv2.CC_STAT_AREA] >= pixels)
    large[0] = False
    return large[np.asarray(pieces, dtype=np.intp)].astype(np.uint8)


def _bilinear(
    table: npt.NDArray[np.float64], row: npt.NDArray[np.float64], column: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Values of `table` between its entries; `row` and `column` broadcast, inside the table."""
    top = np.minimum(row.astype(np.intp), table.shape[0] - 2)
    left = np.minimum(column.astype(np.intp), table.shape[1] - 2)
    down, right = row - top, column - left
    upper = table[top, left] * (1 - right) + table[top, left + 1] * right
    lower = table[top + 1, left] * (1 - right) + table[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down
