"""Nuclei drawn once, measured, and stamped many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from layer1_extract.phantom.planes import soft_step, texture
from layer1_extract.phantom.settings import MPP

if TYPE_CHECKING:
    import numpy.typing as npt

    Stamps = npt.NDArray[np.float32]

_WAVES: Final = np.arange(2, 6)
_WAVE_HEIGHT: Final = np.array([0.09, 0.035, 0.02, 0.015])
_NOISE_PERIOD: Final = 512
_EDGE_PX: Final = 1.6  # width of the optical edge
_GRAIN_PX: Final = 1.1  # of chromatin: standard deviation of what smooths it
_NUCLEOLUS_PX: Final = 1.9  # half width of a nucleolus, whatever the size of the nucleus
_CLUMPING_SPREAD: Final = 0.15  # of the clumping from one nucleus to the next


@dataclass(frozen=True)
class Look:
    """How nuclei of one kind look.

    Attributes
    ----------
    diameter : tuple of float, um
        Mean, standard deviation, least and greatest of the mean diameter.
    density : float
        Mean haematoxylin density.
    clumping : float
        Standard deviation of the density inside one nucleus over its mean, on average.
    nucleoli : bool
        Whether one to three dark spots lie in each.
    """

    diameter: tuple[float, float, float, float]
    density: float
    clumping: float
    nucleoli: bool


@dataclass(frozen=True, eq=False)
class NucleusBank:
    """Nuclei of one kind.

    Attributes
    ----------
    stamps : (K, S, S) float32
        Haematoxylin density; the nucleus is centred on the middle pixel; S is odd.
    area_um2 : (K,) float64
        Area within the outline.
    texture : (K,) float64
        Standard deviation of the density inside the outline, away from its soft edge.
    """

    stamps: npt.NDArray[np.float32]
    area_um2: npt.NDArray[np.float64]
    texture: npt.NDArray[np.float64]


def draw_bank(rng: np.random.Generator, look: Look, count: int) -> NucleusBank:
    """`count` nuclei, each with an outline and chromatin of its own."""
    mean, spread, least, greatest = look.diameter
    radius = _evenly(rng, count, mean, spread).clip(least, greatest) / 2 / MPP
    half = int(np.ceil(radius.max() * 1.3)) + 2
    depth = _depths(rng, radius, half)
    core = depth > _EDGE_PX
    density = look.density * _chromatin(rng, look, depth, core)
    return NucleusBank(
        stamps=(density * soft_step(depth, _EDGE_PX)).astype(np.float32),
        area_um2=np.count_nonzero(depth > 0, axis=(1, 2)) * MPP**2,
        texture=np.std(density, axis=(1, 2), where=core, dtype=np.float64),
    )


def _evenly(
    rng: np.random.Generator, count: int, mean: float, spread: float
) -> npt.NDArray[np.float64]:
    """(K,): the quantiles of a normal distribution in random order.

    Two banks of equal looks then have equal sizes and textures, not two samples of them.
    """
    quantiles = ndtri((np.arange(count) + 0.5) / count).astype(np.float64)
    return np.asarray(mean + spread * rng.permutation(quantiles), np.float64)


def _depths(rng: np.random.Generator, radius: npt.NDArray[np.float64], half: int) -> Stamps:
    """(K, S, S): px from the outline inwards, measured along the radius."""
    axis = np.arange(-half, half + 1, dtype=np.float32)
    distance = np.hypot(axis[:, None], axis)
    angle = np.arctan2(axis[:, None], axis).ravel()
    waves = np.concatenate([np.cos(np.outer(_WAVES, angle)), np.sin(np.outer(_WAVES, angle))])
    height = rng.normal(0, np.tile(_WAVE_HEIGHT, 2), (len(radius), len(waves)))
    outline = radius[:, None] * (1 + height @ waves).clip(0.7, 1.3)
    return (outline.reshape(-1, *distance.shape) - distance).astype(np.float32)


def _chromatin(
    rng: np.random.Generator, look: Look, depth: Stamps, core: npt.NDArray[np.bool_]
) -> Stamps:
    """(K, S, S): density over its mean; grain, and nucleoli.

    The grain is one field that outlines are cut from, fine beside the smallest nucleus, and mean
    and scale are those of the whole bank: what texture is measured does not follow from area.
    Brought to a spread of its own, a small nucleus would have a stronger grain; with a rim, more
    of it.
    """
    pattern = _crops(rng, depth.shape, _GRAIN_PX)
    if look.nucleoli:
        pattern = pattern + _nucleoli(rng, depth)
    middle = np.mean(pattern, where=core, dtype=np.float64)
    spread = np.std(pattern, where=core, dtype=np.float64)
    wanted = look.clumping * _evenly(rng, len(depth), 1, _CLUMPING_SPREAD)[:, None, None]
    return (1 + wanted * (pattern - middle) / spread).clip(0.1, 2.5).astype(np.float32)


def _crops(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Stamps:
    """(K, S, S): squares cut anywhere from one sheet of noise."""
    count, edge, _ = shape
    sheet = texture(rng, _NOISE_PERIOD, sigma).values
    squares = np.lib.stride_tricks.sliding_window_view(sheet, (edge, edge))
    corner = rng.integers(0, len(squares), (2, count))
    return squares[corner[0], corner[1]]


def _nucleoli(rng: np.random.Generator, depth: Stamps) -> Stamps:
    """(K, S, S): up to three dark spots in the inner half of each nucleus."""
    count, edge, _ = depth.shape
    middle = edge // 2
    radius = depth[:, middle, middle]
    axis = np.arange(edge, dtype=np.float32) - middle
    spots = np.zeros_like(depth)
    for chance in (1.0, 0.5, 0.25):
        offset = rng.uniform(-0.4, 0.4, (2, count)) * radius
        height = np.where(rng.random(count) < chance, rng.uniform(1.5, 3.0, count), 0)
        down = np.exp(-np.square((axis - offset[0][:, None]) / _NUCLEOLUS_PX) / 2)
        across = np.exp(-np.square((axis - offset[1][:, None]) / _NUCLEOLUS_PX) / 2)
        spots += (height[:, None, None] * down[:, :, None] * across[:, None, :]).astype(np.float32)
    return spots
