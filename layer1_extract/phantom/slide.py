"""One phantom slide: grown once, then drawn box by box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from common.geometry import Box
from layer1_extract.phantom.anatomy import Anatomy, grow_anatomy
from layer1_extract.phantom.artefacts import Fold, Pen, fold_tissue, mark_with_pen
from layer1_extract.phantom.chance import stream
from layer1_extract.phantom.fat import fat_depth
from layer1_extract.phantom.nuclei import Nuclei, grow_nuclei
from layer1_extract.phantom.planes import Texture, soft_step, texture
from layer1_extract.phantom.settings import TILE
from layer1_extract.phantom.stain import STAINS, Stain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from layer1_extract.phantom.roster import Entry
    from layer1_extract.phantom.settings import PhantomSettings

    Field = npt.NDArray[np.float32]

_NOISE_GREY: Final = 1.6  # standard deviation of the scanner's noise, grey values
_EDGE_PX: Final = 3.0  # width of the tissue's optical edge
_SEPTUM_PX: Final = 3.0  # half width of the border between two vacuoles


@dataclass(frozen=True, eq=False)
class Textures:
    """Noise of several grains; the periods share no factor, so their sum hardly repeats."""

    coarse: Texture
    fine: Texture
    fibres: Texture
    gaps: Texture
    scanner: Texture


@dataclass(frozen=True, eq=False)
class PhantomSlide:
    """Everything that decides the pixels of one slide.

    Attributes
    ----------
    anatomy : Anatomy
    nuclei : Nuclei
    stain : Stain
    textures : Textures
    fold : Fold or None
    pen : Pen or None
    """

    anatomy: Anatomy
    nuclei: Nuclei
    stain: Stain
    textures: Textures
    fold: Fold | None = None
    pen: Pen | None = None

    def read(self, box: Box) -> npt.NDArray[np.uint8]:
        """Pixels of `box`: (height, width, 3) uint8 RGB, the same however the slide is cut."""
        haematoxylin, eosin = self._densities(box)
        if self.fold is not None and (double := self.fold.band.on(box)).any():
            x, y = self.fold.shift
            second = self._densities(Box(box.x + x, box.y + y, box.width, box.height))
            haematoxylin += double * second[0]
            eosin += double * second[1]
        ink = None if self.pen is None else self.pen.on(box)
        light = self.stain.colour(haematoxylin, eosin, ink)
        light += (_NOISE_GREY * self.textures.scanner.on(box))[..., None]
        return np.rint(light, out=light).clip(0, 255).astype(np.uint8)

    def tiles(self) -> Iterator[npt.NDArray[np.uint8]]:
        """The whole slide in squares of 512 px, by row, then by column."""
        for y in range(0, self.anatomy.size, TILE):
            for x in range(0, self.anatomy.size, TILE):
                yield self.read(Box(x, y, TILE, TILE))

    def _densities(self, box: Box) -> tuple[Field, Field]:
        """Haematoxylin and eosin of single tissue, (height, width) float32 each."""
        tissue, noise = self.anatomy.tissue, self.textures
        fine, coarse = noise.fine.on(box), noise.coarse.on(box)
        depth = tissue.depth.on(box) + 5 * coarse
        if depth.max() <= -_EDGE_PX / 2:
            return np.zeros_like(depth), np.zeros_like(depth)
        stroma = tissue.stroma.on(box)
        gaps = soft_step(noise.gaps.on(box) - 0.9, 1.6) * (1 - 0.85 * stroma)
        eosin = (0.34 + 0.05 * coarse + 0.05 * fine) * (1 - 0.75 * gaps)
        eosin += stroma * (0.36 + 0.10 * noise.fibres.on(box))
        haze = (0.13 + 0.025 * coarse + 0.02 * fine) * (1 - 0.7 * gaps - 0.3 * stroma)
        haematoxylin = haze.astype(np.float32)
        self.nuclei.draw(box, haematoxylin)
        here = soft_step(depth, _EDGE_PX)
        vacuole = fat_depth(self.anatomy.fat, box) + 2.5 * coarse
        flesh = here * (1 - soft_step(vacuole, 2.5))
        eosin = eosin * flesh + 0.35 * here * np.exp(-np.square(vacuole / _SEPTUM_PX))
        return (haematoxylin * flesh).astype(np.float32), eosin.clip(0).astype(np.float32)


def grow_slide(entry: Entry, settings: PhantomSettings) -> PhantomSlide:
    """The slide of one entry of the roster."""

    def rng(purpose: str) -> np.random.Generator:
        return stream(settings.seed, entry.slide_id, purpose)

    anatomy = grow_anatomy(rng("anatomy"), settings.size, tumor=entry.positive)
    depth, size = anatomy.tissue.depth, settings.size
    return PhantomSlide(
        anatomy=anatomy,
        nuclei=grow_nuclei(rng("nuclei"), anatomy, settings.differ),
        stain=STAINS[entry.centre].varied(rng("stain")),
        textures=_textures(rng("textures")),
        fold=fold_tissue(rng("fold"), depth, size) if settings.artefacts and entry.fold else None,
        pen=mark_with_pen(rng("pen"), depth, size) if settings.artefacts and entry.pen else None,
    )


def _textures(rng: np.random.Generator) -> Textures:
    return Textures(
        coarse=texture(rng, 1021, 14.0),
        fine=texture(rng, 769, 2.0),
        fibres=texture(rng, 887, (1.6, 6.0)),
        gaps=texture(rng, 953, 4.5),
        scanner=texture(rng, 1279, 0.45),
    )
