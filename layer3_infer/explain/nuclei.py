"""Nuclei in tissue stained with haematoxylin.

What is darker in haematoxylin than its surroundings, cut apart at its waists. Each outline is then
drawn halfway between a nucleus' own darkness and that of what lies around it, so that a pale
nucleus comes out as large as a dark one of the same size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from skimage.measure import label
from skimage.segmentation import watershed

from layer3_infer.explain.haematoxylin import haematoxylin

if TYPE_CHECKING:
    import numpy.typing as npt

    Field = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]
    Labels = npt.NDArray[np.int32]

FINEST: Final = 0.25
COARSEST: Final = 0.5
"""Scales that nuclei are looked for at, um/px; other patches are reduced or enlarged first."""
_SAME_SCALE: Final = 0.02
_BLACK: Final = 15  # no brighter in any channel: ink, dust, a scanner's edge
_DENSEST: Final = 3.0
_FEW: Final = 0.02  # weight of the whole patch's background where there is none nearby


@dataclass(frozen=True)
class NucleusSettings:
    """What counts as a nucleus. Lengths in um, areas in um2, darkness in natural logarithm.

    Attributes
    ----------
    smooth : float
        Standard deviation of the filter against grain.
    around : float
        Half edge of the square that is a pixel's surroundings.
    local : float
        Share of the surroundings in the threshold; the rest is Otsu's threshold of the patch.
    least : float
        Haematoxylin below this is never a nucleus.
    contrast : float
        A nucleus is darker than what lies around it by at least this.
    speck : float
        Radius of what is too thin to belong to a nucleus.
    waist : float
        Standard deviation of the filter on the distance to the outline; larger splits less.
    apart : float
        Two middles are farther apart than this.
    reach : float
        How far the final outline may lie outside the first.
    hole : float
        The largest hole that is filled.
    area : tuple of float
        Smallest and largest nucleus; half the smallest is enough at the patch's edge.
    """

    smooth: float = 0.4
    around: float = 12.0
    local: float = 0.35
    least: float = 0.2
    contrast: float = 0.15
    speck: float = 0.75
    waist: float = 0.7
    apart: float = 2.5
    reach: float = 0.75
    hole: float = 10.0
    area: tuple[float, float] = (8.0, 500.0)


SETTINGS: Final = NucleusSettings()
"""Chosen on every second image, by name, of those `tests/benchmarks/nuclei.py` measures."""


def find_nuclei(
    patch: npt.NDArray[np.uint8], mpp: float, settings: NucleusSettings = SETTINGS
) -> Labels:
    """The nuclei of one patch.

    Parameters
    ----------
    patch : (H, W, 3) uint8, RGB
        Of tissue stained with haematoxylin. Blue and green ink is taken for haematoxylin, as
        slides stained bluer than others are.
    mpp : float, um/px
    settings : NucleusSettings

    Returns
    -------
    (H, W) int32
        0 background, 1 to K one nucleus each, those cut by the edge among them. All 0 where
        nothing stands out from its surroundings: glass, black ink, a patch full of ink, a patch
        without nuclei. A spot of blue or green ink as small as a nucleus is one. The same for the
        same pixels, whatever else is analysed.
    """
    height, width = patch.shape[:2]
    scale = min(max(mpp, FINEST), COARSEST)
    if abs(scale / mpp - 1) <= _SAME_SCALE:
        return _find(patch, mpp, settings)
    size = max(1, round(width * mpp / scale)), max(1, round(height * mpp / scale))
    way = cv2.INTER_AREA if scale > mpp else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(patch, size, interpolation=way), np.uint8)
    found = _find(resized, scale, settings)
    back = cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    return _numbered(np.asarray(back).astype(np.int32), (0, np.inf), 1.0)


def _find(patch: npt.NDArray[np.uint8], mpp: float, settings: NucleusSettings) -> Labels:
    amount = np.minimum(haematoxylin(patch), _DENSEST)
    amount[patch.max(axis=2) <= _BLACK] = 0
    smooth = _blurred(amount, settings.smooth / mpp)
    dark = _tidy(smooth > _threshold(smooth, mpp, settings), mpp, settings)
    if not dark.any():
        return np.zeros(dark.shape, np.int32)
    reachable = _spread(dark, settings.reach / mpp)
    basins = _basins(dark, reachable, mpp, settings)
    inside = _outlined(smooth, basins, dark, mpp, settings)
    kept = _tidy(inside, mpp, settings)
    cut = watershed(np.zeros(dark.shape, np.uint8), np.where(kept & inside, basins, 0), mask=kept)
    pieces = np.asarray(label(cut, connectivity=1)).astype(np.int32)
    return _numbered(pieces, settings.area, mpp)


def _threshold(smooth: Field, mpp: float, settings: NucleusSettings) -> Field:
    """(H, W) float32: between that of the whole patch and what lies around a pixel."""
    edge = 2 * round(settings.around / mpp) + 1
    nearby = cv2.blur(smooth, (edge, edge), borderType=cv2.BORDER_REFLECT)
    mixed = settings.local * nearby + (1 - settings.local) * otsu(smooth)
    return np.maximum(mixed, settings.least)


def otsu(values: Field) -> float:
    """Otsu's threshold of `values`: Otsu 1979, doi:10.1109/TSMC.1979.4310076; 256 levels."""
    least, most = float(values.min()), float(values.max())
    if most <= least:
        return most
    levels = ((values - least) * (255 / (most - least))).astype(np.uint8)
    chosen, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    return least + (chosen + 0.5) * (most - least) / 255


def _basins(dark: Mask, reachable: Mask, mpp: float, settings: NucleusSettings) -> Labels:
    """(H, W) int32: `reachable` shared out between the middles of what is `dark`."""
    # What the edge of the patch cuts goes on outside it.
    padded = cv2.copyMakeBorder(dark.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inwards = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    depth = _blurred(np.asarray(inwards, np.float32), settings.waist / mpp)
    highest = depth >= cv2.dilate(depth, _disc(settings.apart / mpp))
    _, middles = cv2.connectedComponents((highest & dark).astype(np.uint8), connectivity=8)
    return np.asarray(watershed(-depth, middles, mask=reachable), np.int32)


def _outlined(
    smooth: Field, basins: Labels, dark: Mask, mpp: float, settings: NucleusSettings
) -> Mask:
    """(H, W) bool: darker than halfway between a nucleus and what lies around it."""
    owner = np.where(dark, basins, 0).ravel()
    count = int(basins.max()) + 1
    pixels = np.bincount(owner, minlength=count)
    level = np.bincount(owner, smooth.ravel(), count) / np.maximum(pixels, 1)
    free = (basins == 0).astype(np.float32)
    sigma = settings.around / 2 / mpp
    overall = float((smooth * free).sum() / max(free.sum(), 1))
    nearby = _blurred(smooth * free, sigma) + _FEW * overall
    background = nearby / (_blurred(free, sigma) + _FEW)
    above = level[basins] - background
    return (basins > 0) & (above > settings.contrast) & (smooth > background + above / 2)


def _tidy(mask: Mask, mpp: float, settings: NucleusSettings) -> Mask:
    """Without specks and bridges, and without small holes."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(settings.speck / mpp))
    _, holes, facts, _ = cv2.connectedComponentsWithStats(1 - opened, connectivity=4)
    left, top, width, height, area = facts.T
    rows, columns = mask.shape
    small = area <= settings.hole / mpp**2
    small &= (left > 0) & (top > 0) & (left + width < columns) & (top + height < rows)
    small[0] = False
    return (opened > 0) | small[holes]


def _numbered(labels: Labels, area: tuple[float, float], mpp: float) -> Labels:
    """`labels` 1 to K in the order they have, of those whose `area` in um2 is allowed."""
    found = np.bincount(labels.ravel()) * mpp**2
    least = np.full(len(found), area[0])
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        least[edge] = area[0] / 2
    kept = (found > 0) & (found >= least) & (found <= area[1])
    kept[0] = False
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[labels]


def _spread(mask: Mask, reach: float) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(reach))) > 0


def _disc(radius: float) -> npt.NDArray[Any]:
    edge = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))


def _blurred(values: Field, sigma: float) -> Field:
    return np.asarray(
        cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32
    )
