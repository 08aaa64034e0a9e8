"""A picture with text and scales around it, laid out in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from common.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

CELL: Final = 224
"""Edge, px, at which a patch is shown."""

_DPI: Final = 100


class Sheet:
    """A white sheet. Places are in its pixels: x right, y down, origin top left.

    Nothing written on it is read as mathematics, so that any slide id may stand there.

    Parameters
    ----------
    width, height : int, px
    zoom : float
        Letters are this much larger, for a sheet that is shown reduced.
    """

    def __init__(self, width: int, height: int, zoom: float = 1.0) -> None:
        self.width = width
        self.height = height
        self.zoom = zoom
        self.figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
        FigureCanvasAgg(self.figure)

    def axes(self, x: int, y: int, width: int, height: int) -> Any:
        """Empty axes in the rectangle with its top left at (x, y)."""
        return self.figure.add_axes(
            (
                x / self.width,
                1 - (y + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )

    def image(self, pixels: npt.NDArray[np.uint8], x: int, y: int, size: tuple[int, int]) -> Any:
        """Show (H, W, 3) uint8 RGB at (x, y) as `size` (width, height) px; returns its axes."""
        axes = self.axes(x, y, *size)
        axes.imshow(pixels, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        return axes

    def patch(self, pixels: npt.NDArray[np.uint8], x: int, y: int) -> None:
        """Show a patch, (S, S, 3) uint8 RGB, at (x, y) as a square of `CELL` px."""
        method = cv2.INTER_AREA if pixels.shape[0] > CELL else cv2.INTER_NEAREST
        sized = np.asarray(cv2.resize(pixels, (CELL, CELL), interpolation=method), dtype=np.uint8)
        self.image(sized, x, y, (CELL, CELL))

    def text(self, x: float, y: float, text: str, size: float = 10, **style: Any) -> None:
        """Write `text`, by default with its left edge and middle at (x, y)."""
        style = {"va": "center", "ha": "left", "fontsize": size * self.zoom, **style}
        self.figure.text(x / self.width, 1 - y / self.height, text, parse_math=False, **style)

    def scale(
        self,
        colours: npt.NDArray[np.float64],
        place: tuple[int, int, int, int],
        label: str,
        ticks: Sequence[float] = (0, 0.25, 0.5, 0.75, 1),
    ) -> None:
        """An upright colour bar for values 0 (bottom) to 1 (top).

        Parameters
        ----------
        colours : (K, 3) float64, RGB in [0, 1]
            From 0 to 1.
        place : (x, y, width, height), px
        label : str
        ticks : sequence of float
        """
        axes = self.axes(*place)
        axes.imshow(colours[:, None], origin="lower", aspect="auto", extent=(0, 1, 0, 1))
        axes.set(xticks=[], yticks=list(ticks))
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.tick_params(labelsize=10 * self.zoom)
        axes.set_ylabel(label, fontsize=11 * self.zoom, parse_math=False)

    def save(self, path: Path) -> None:
        """Write a PNG, whole or not at all."""
        with whole_file(path) as partial:
            self.figure.savefig(partial, format="png", dpi=_DPI, metadata={"Software": None})
