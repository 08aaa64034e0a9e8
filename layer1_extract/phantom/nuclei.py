"""Nuclei of one slide: where they are, which are tumour, and their place in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import KDTree

from layer1_extract.phantom.fat import in_fat
from layer1_extract.phantom.lesions import inside
from layer1_extract.phantom.nucleus_bank import Look, NucleusBank, draw_bank
from layer1_extract.phantom.settings import MPP

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Box
    from layer1_extract.phantom.anatomy import Anatomy

SMALL: Final = (6.8, 0.5, 5.8, 8.0)
LARGE: Final = (12.0, 0.8, 10.0, 14.0)
"""Diameters in um, as in `Look`."""
_BANK: Final = 512
_SPACING: Final = 1.12  # from one nucleus to the next, in diameters
_NEAREST: Final = 0.74  # two nuclei closer than this, in diameters, are one too many
_IN_STROMA: Final = 0.12  # share of the places taken in the middle of a strand
_EDGE_PX: Final = 12.0
_TURNS: Final = 8


@dataclass(frozen=True, eq=False)
class Nuclei:
    """One slide's nuclei: the normal ones, then those of tumour.

    Attributes
    ----------
    xy : (N, 2) int64, level-0 px
        The pixel each is centred on.
    tumor : (N,) bool
        Whether that pixel's centre lies in a region of tumour.
    shape : (N,) int64
        Index into the bank of its kind.
    turn : (N,) int64
        One of eight turned and mirrored copies.
    gain : (N,) float64
        Factor on the density of the stamp.
    banks : tuple of NucleusBank
        Normal, tumour.
    """

    xy: npt.NDArray[np.int64]
    tumor: npt.NDArray[np.bool_]
    shape: npt.NDArray[np.int64]
    turn: npt.NDArray[np.int64]
    gain: npt.NDArray[np.float64]
    banks: tuple[NucleusBank, NucleusBank]

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def area_um2(self) -> npt.NDArray[np.float64]:
        """(N,) area of each."""
        normal, tumor = (bank.area_um2[self.shape] for bank in self.banks)
        return np.where(self.tumor, tumor, normal)

    @property
    def texture(self) -> npt.NDArray[np.float64]:
        """(N,) standard deviation of haematoxylin density inside each."""
        normal, tumor = (bank.texture[self.shape] for bank in self.banks)
        return np.where(self.tumor, tumor, normal) * self.gain

    def draw(self, box: Box, density: npt.NDArray[np.float32]) -> None:
        """Lay every nucleus that reaches into `box` over its (height, width) `density`.

        Where two overlap the darker one shows, so the order does not matter.
        """
        reach = max(bank.stamps.shape[1] for bank in self.banks) // 2
        corner = np.array([box.x, box.y])
        far = corner + np.array([box.width, box.height])
        near = np.all((self.xy >= corner - reach) & (self.xy < far + reach), axis=1)
        for index in np.flatnonzero(near).tolist():
            _lay(density, self._stamp(index), self.xy[index] - corner)

    def _stamp(self, index: int) -> npt.NDArray[np.float32]:
        stamp = self.banks[int(self.tumor[index])].stamps[self.shape[index]]
        turned = np.rot90(stamp, self.turn[index] % 4)
        mirrored = turned[:, ::-1] if self.turn[index] >= _TURNS // 2 else turned
        return mirrored * np.float32(self.gain[index])


def looks(differ: frozenset[str]) -> tuple[Look, Look]:
    """Normal and tumour, which differ in what is named and in nothing else."""
    normal = Look(SMALL, density=0.97, clumping=0.14, nucleoli=False)
    textured = "texture" in differ
    tumor = Look(
        LARGE if "area" in differ else SMALL,
        density=0.62 if textured else normal.density,
        clumping=0.29 if textured else normal.clumping,
        nucleoli=textured,
    )
    return normal, tumor


def grow_nuclei(rng: np.random.Generator, anatomy: Anatomy, differ: frozenset[str]) -> Nuclei:
    """Nuclei in all the tissue; those centred in a region of tumour are tumour.

    Spacing follows size, so both kinds cover a like share of the tissue.
    """
    normal, tumor = looks(differ)
    banks = draw_bank(rng, normal, _BANK), draw_bank(rng, tumor, _BANK)
    places = []
    for kind, look in enumerate((normal, tumor)):
        xy = _places(rng, anatomy, look.diameter[0] / MPP)
        centre = xy.astype(np.float64) + 0.5
        places.append(xy[inside(anatomy.lesions, centre) == bool(kind)])
    count = sum(map(len, places))
    return Nuclei(
        xy=np.concatenate(places),
        tumor=np.repeat([False, True], [len(xy) for xy in places]),
        shape=rng.integers(0, _BANK, count),
        turn=rng.integers(0, _TURNS, count),
        gain=rng.normal(1, 0.1, count).clip(0.75, 1.25),
        banks=banks,
    )


def _places(rng: np.random.Generator, anatomy: Anatomy, diameter: float) -> npt.NDArray[np.int64]:
    """(N, 2) int64, level-0 px: a shaken honeycomb, thinned by what lies there."""
    xy = _honeycomb(rng, anatomy.size, _SPACING * diameter)
    tissue = anatomy.tissue
    keep = (1 - (1 - _IN_STROMA) * tissue.stroma.at(xy)) * tissue.crowding.at(xy)
    free = (rng.random(len(xy)) < keep) & (tissue.depth.at(xy) > _EDGE_PX)
    xy = xy[free]
    xy = xy[~in_fat(anatomy.fat, xy, diameter / 2)]
    crowded = KDTree(xy).query_pairs(_NEAREST * diameter, output_type="ndarray")
    return np.delete(xy, np.unique(crowded[:, 1]), axis=0).astype(np.int64)


def _honeycomb(rng: np.random.Generator, size: int, spacing: float) -> npt.NDArray[np.float64]:
    """(N, 2) float64, level-0 px, inside the slide."""
    down, across = np.arange(0, size, spacing * np.sqrt(3) / 2), np.arange(0, size, spacing)
    y, x = np.meshgrid(down, across, indexing="ij")
    x = x + (np.arange(len(down)) % 2 * spacing / 2)[:, None]
    xy = np.stack([x.ravel(), y.ravel()], axis=1)
    xy += rng.uniform(-0.32, 0.32, xy.shape) * spacing
    return xy[np.all((xy >= 0) & (xy < size), axis=1)]


def _lay(
    density: npt.NDArray[np.float32],
    stamp: npt.NDArray[np.float32],
    centre: npt.NDArray[np.int64],
) -> None:
    """Put `stamp` over `density` at (x, y) `centre`, clipped at the edges."""
    left, top = (centre - stamp.shape[0] // 2).tolist()
    rows = slice(max(top, 0), min(top + stamp.shape[0], density.shape[0]))
    columns = slice(max(left, 0), min(left + stamp.shape[1], density.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = stamp[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    np.maximum(density[rows, columns], part, out=density[rows, columns])
