"""The picture of a heatmap over its slide, with what is needed to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layer3_infer.blending import blend, colours, spread
from layer3_infer.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.geometry import Pyramid
    from layer3_infer.heatmap import Heatmap

_LEAST: Final = (520, 260)
"""Width and height, px, below which title and legend would not fit."""

_READABLE: Final = 900
"""Width of a picture, px, up to which letters need not grow with it."""

_SCALE_BARS_MM: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_OUTLINE: Final = "#e6007e"
_TALLEST: Final = 4


def picture_mpp(slide: Pyramid, width: int) -> float:
    """Scale, um/px, of a picture of the whole slide; never an enlargement.

    It is at most `width` px wide and `_TALLEST` times as high: JPEG ends at 65,535 px.
    """
    return slide.mpp * max(1.0, slide.width / width, slide.height / (_TALLEST * width))


def scale_bar(mpp: float, width: int) -> tuple[float, float]:
    """A round length that fills at most a quarter of a picture.

    Parameters
    ----------
    mpp : float, um/px
        Scale of the picture.
    width : int, px
        Of the picture.

    Returns
    -------
    length_mm, length : float, mm and px

    Examples
    --------
    >>> scale_bar(mpp=10.0, width=1000)
    (2, 200.0)
    """
    fitting = [mm for mm in _SCALE_BARS_MM if 1000 * mm / mpp <= width / 4]
    length_mm = fitting[-1] if fitting else _SCALE_BARS_MM[0]
    return length_mm, 1000 * length_mm / mpp


def write_overlay(
    path: Path,
    picture: npt.NDArray[np.uint8],
    heatmap: Heatmap,
    slide: Pyramid,
    title: str,
    outlines: Sequence[npt.NDArray[np.float64]] = (),
) -> None:
    """Write the overlay as a PNG, whole or not at all.

    Parameters
    ----------
    path : Path
    picture : (H, W, 3) uint8, RGB
        The whole slide; shown pixel for pixel.
    heatmap : Heatmap
    slide : Pyramid
    title : str
    outlines : sequence of (K, 2) float64, level-0 px
        Rings of annotated tumour.
    """
    height, width = picture.shape[:2]
    inner = max(width, _LEAST[0]), max(height, _LEAST[1])
    frame = _Frame(zoom=max(1.0, width / _READABLE))
    sheet = Sheet(
        frame.margin + inner[0] + frame.bar_space,
        frame.head + inner[1] + frame.foot,
        zoom=frame.zoom,
    )
    blended = blend(picture, spread(heatmap, slide, (height, width)))
    axes = sheet.image(blended, frame.margin, frame.head, (width, height))
    _draw_outlines(axes, outlines, (width, height), slide)
    sheet.text(frame.margin, frame.head / 2, title, size=15)
    bar = (frame.margin + inner[0] + frame.margin, frame.head, frame.margin)
    sheet.scale(_bar_colours(), (*bar, min(inner[1], frame.bar)), "P(tumour)")
    _draw_foot(sheet, frame, slide, width, annotated=bool(outlines))
    sheet.save(path)


@dataclass(frozen=True)
class _Frame:
    """Room around the picture, px, in proportion to the letters."""

    zoom: float

    @property
    def margin(self) -> int:
        return round(20 * self.zoom)

    @property
    def head(self) -> int:
        return round(52 * self.zoom)

    @property
    def foot(self) -> int:
        return round(62 * self.zoom)

    @property
    def bar_space(self) -> int:
        return round(120 * self.zoom)

    @property
    def bar(self) -> int:
        """Greatest length of the colour bar."""
        return round(420 * self.zoom)


def _bar_colours() -> npt.NDArray[np.float64]:
    """The colours of 0 to 1 as they look over white."""
    rgba = colours(np.linspace(0, 1, 256))
    return rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:]


def _draw_outlines(
    axes: Any,
    outlines: Sequence[npt.NDArray[np.float64]],
    size: tuple[int, int],
    slide: Pyramid,
) -> None:
    for ring in outlines:
        x, y = (ring * (size[0] / slide.width, size[1] / slide.height) - 0.5).T
        axes.plot(x, y, color="white", linewidth=3.5)
        axes.plot(x, y, color=_OUTLINE, linewidth=1.8)
    axes.set(xlim=(-0.5, size[0] - 0.5), ylim=(size[1] - 0.5, -0.5))


def _draw_foot(sheet: Sheet, frame: _Frame, slide: Pyramid, width: int, *, annotated: bool) -> None:
    """Scale bar and legend below the picture."""
    y = sheet.height - frame.foot / 2
    length_mm, length = scale_bar(slide.mpp * slide.width / width, width)
    thick = round(6 * frame.zoom)
    bar = sheet.axes(frame.margin, round(y - thick / 2), max(1, round(length)), thick)
    bar.set_axis_off()
    bar.axhspan(0, 1, color="black")
    sheet.text(frame.margin + length + 8 * frame.zoom, y, f"{length_mm:g} mm", size=11)
    right, line = sheet.width - frame.bar_space, 11 * frame.zoom
    said = "outside the thin line: not analysed, no colour"
    sheet.text(right, y - line, said, size=11, ha="right")
    if annotated:
        said = "outline: annotated tumour"
        sheet.text(right, y + line, said, size=11, ha="right", color=_OUTLINE)
