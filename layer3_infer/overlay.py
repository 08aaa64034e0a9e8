"""The picture of a heatmap over its slide, with what is needed to read it."""

from __future__ import annotations

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

_MARGIN: Final = 20
_HEAD: Final = 52
_FOOT: Final = 62
_BAR_SPACE: Final = 120
_LEAST: Final = (520, 260)
"""Width and height, px, below which title and legend would not fit."""

_SCALE_BARS_MM: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_OUTLINE: Final = "#e6007e"


def picture_mpp(slide: Pyramid, width: int) -> float:
    """Scale, um/px, at which the whole slide is at most `width` px wide; never an enlargement."""
    return slide.mpp * max(1.0, slide.width / width)


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
    sheet = Sheet(_MARGIN + inner[0] + _BAR_SPACE, _HEAD + inner[1] + _FOOT)
    blended = blend(picture, spread(heatmap, slide, (height, width)))
    axes = sheet.image(blended, _MARGIN, _HEAD, (width, height))
    _draw_outlines(axes, outlines, (width, height), slide)
    sheet.text(_MARGIN, _HEAD / 2, title, fontsize=15)
    bar = (_MARGIN + inner[0] + 22, _HEAD, 20, min(inner[1], 420))
    sheet.scale(_bar_colours(), bar, "P(tumour)")
    _draw_foot(sheet, slide, width, annotated=bool(outlines))
    sheet.save(path)


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


def _draw_foot(sheet: Sheet, slide: Pyramid, width: int, *, annotated: bool) -> None:
    """Scale bar and legend below the picture."""
    y = sheet.height - _FOOT / 2
    length_mm, length = scale_bar(slide.mpp * slide.width / width, width)
    bar = sheet.axes(_MARGIN, int(y) - 3, max(1, round(length)), 6)
    bar.set_axis_off()
    bar.axhspan(0, 1, color="black")
    sheet.text(_MARGIN + length + 8, y, f"{length_mm:g} mm", fontsize=11)
    right = sheet.width - _BAR_SPACE
    sheet.text(
        right, y - 10, "outside the thin line: not analysed, no colour", ha="right", fontsize=11
    )
    if annotated:
        said = "outline: annotated tumour"
        sheet.text(right, y + 12, said, ha="right", fontsize=11, color=_OUTLINE)
