"""Fat: clusters of round vacuoles that wash out white and keep a thin pink border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from layer1_extract.phantom.lesions import find_site

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Box
    from layer1_extract.phantom.lesions import Site

_CLUSTER_SHARE: Final = 0.09  # radius of a cluster over the edge of a standard slide
_STANDARD_PX: Final = 4096
_VACUOLE_PX: Final = (50.0, 125.0)  # radius: 25 to 62 um across
_TRIES: Final = 400
_BORDER_PX: Final = 3.0


def grow_fat(
    rng: np.random.Generator, room: npt.NDArray[np.float32], size: int
) -> npt.NDArray[np.float64]:
    """Vacuoles in one cluster for each 8 Mpx of slide, at least one cluster.

    Parameters
    ----------
    rng : Generator
    room : (H, W) float32, level-0 px
        Distance to the glass and to tumour, one value per 8 x 8 px.
    size : int, level-0 px
        Edge of the slide.

    Returns
    -------
    (N, 3) float64, level-0 px
        Centre (x, y) and radius of each vacuole.
    """
    radius = _CLUSTER_SHARE * min(size, _STANDARD_PX)
    clusters = max(1, round(2 * (size / _STANDARD_PX) ** 2))
    sites = [find_site(rng, room, radius, 0.9) for _ in range(clusters)]
    vacuoles = np.empty((0, 3))
    for site in sites:
        vacuoles = _pack(rng, site, vacuoles)
    return vacuoles


def _pack(
    rng: np.random.Generator, site: Site, kept: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """`kept` and the discs thrown at one site that leave a border to all before."""
    largest = min(_VACUOLE_PX[1], site.radius / 2)
    smallest = min(_VACUOLE_PX[0], largest / 2)
    for _ in range(_TRIES):
        distance, angle = site.radius * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        x, y = site.x + distance * np.cos(angle), site.y + distance * np.sin(angle)
        gap = np.hypot(kept[:, 0] - x, kept[:, 1] - y) - kept[:, 2] - _BORDER_PX
        radius = min(float(gap.min(initial=np.inf)), rng.uniform(smallest, largest))
        if radius >= smallest:
            kept = np.vstack([kept, (x, y, radius)])
    return kept


def fat_depth(vacuoles: npt.NDArray[np.float64], box: Box) -> npt.NDArray[np.float32]:
    """How deep every pixel of `box` lies in a vacuole.

    Returns
    -------
    (height, width) float32, level-0 px
        Positive inside, 0 on a border, negative and at least -100 outside.
    """
    depth = np.full((box.height, box.width), -100, np.float32)
    for x, y, radius in vacuoles:
        reach = radius + 100
        if not (
            box.x - reach < x < box.x + box.width + reach
            and box.y - reach < y < box.y + box.height + reach
        ):
            continue
        across = np.arange(box.x, box.x + box.width, dtype=np.float32) + np.float32(0.5 - x)
        down = np.arange(box.y, box.y + box.height, dtype=np.float32) + np.float32(0.5 - y)
        np.maximum(depth, np.float32(radius) - np.hypot(down[:, None], across), out=depth)
    return depth


def in_fat(
    vacuoles: npt.NDArray[np.float64], xy: npt.NDArray[np.float64], margin: float
) -> npt.NDArray[np.bool_]:
    """(N,) bool: whether each of the (N, 2) points lies within `margin` px of a vacuole."""
    touched = np.zeros(len(xy), bool)
    for x, y, radius in vacuoles:
        touched |= np.hypot(xy[:, 0] - x, xy[:, 1] - y) < radius + margin
    return touched
