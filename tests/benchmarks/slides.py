"""Slides as large as real ones, made in about a minute.

Drawing 100,352 x 100,352 px afresh takes long, so a square of tissue is drawn once by the phantom
and laid over the slide as by mirrors: no seam shows, and a tile repeats only 10,000 px on or more.
Tiles inside the tissue, and those of bare glass, are copied as encoded; only those on the rim of
the tissue are drawn and encoded one by one. Every level is composed from the one before.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import imagecodecs
import numpy as np
import tifffile

from common.files import whole_file, write_text
from common.geometry import Box
from layer1_extract.phantom.asap import asap_xml
from layer1_extract.phantom.planes import STEP, clouds, distance_to
from layer1_extract.phantom.roster import Entry
from layer1_extract.phantom.settings import LARGEST, MPP, TILE, PhantomSettings
from layer1_extract.phantom.slide import grow_slide

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    Depth = npt.NDArray[np.float32]

SIZES: Final = (49_152, 100_352)
COVERAGE: Final = 0.20
"""Share of the slide under tissue."""
QUALITY: Final = 80
_RECIPE: Final = 1  # part of the name: slides of another recipe are made anew
_COARSE: Final = 8  # values of the plane of depths per tile
_CELL: Final = TILE // _COARSE
_GLASSES: Final = 64
_GLASS: Final = (240.0, 238.0, 241.0)
_NOISE: Final = 1.3  # standard deviation of the scanner's noise on glass, grey values
_RIM_PX: Final = 6.0  # width of the tissue's optical edge
_UNEVEN_PX: Final = 40.0  # how far the rim strays from its smooth course
_REDUCED: Final = 1  # NewSubfileType of a smaller copy


def large_slide(folder: Path, size: int, seed: int = 0, *, annotated: bool = False) -> Path:
    """The slide of this size and seed, made now unless it is there already.

    Parameters
    ----------
    folder : Path
        The slide lies alone in a folder of it named by its size, so that folder is a cohort.
    size : int, level-0 px
        Edge of the slide, a multiple of 1,024.
    seed : int
    annotated : bool
        Whether an annotation in ASAP's XML lies beside it. Such a slide has a folder of its own.
    """
    if size % (2 * TILE):
        raise ValueError(f"size: expected a multiple of {2 * TILE} px, found {size}")
    name = f"{size}_annotated" if annotated else str(size)
    path = folder / name / f"slide_{size}_recipe_{_RECIPE}_seed_{seed}.tif"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scene = Scene.grown(size, seed)
        if annotated:
            write_text(path.with_suffix(".xml"), asap_xml(_lesions(scene.depth, seed)))
        with whole_file(path) as partial:
            _write(partial, scene)
    return path


class Tile(NamedTuple):
    """One tile of one level: as stored, and what the level above is composed from."""

    encoded: bytes
    half: Pixels


@dataclass(eq=False)
class Scene:
    """What the slide shows.

    Attributes
    ----------
    size : int, level-0 px
    depth : (R, C) float32, level-0 px
        Distance from the rim of the tissue, negative on glass; one value per 64 x 64 px.
    flesh : (K, K, 512, 512, 3) uint8
        The square of tissue that the mirrors repeat.
    glass : (G, 512, 512, 3) uint8
        Bare glass, to draw from by place.
    """

    size: int
    depth: Depth
    flesh: Pixels
    glass: Pixels
    _ready: dict[tuple[int, ...], Tile] = field(default_factory=dict)

    @classmethod
    def grown(cls, size: int, seed: int) -> Scene:
        """Tissue in a few pieces on glass with a scanner's noise."""
        rng = np.random.default_rng([seed, size])
        noise = rng.normal(0, _NOISE, (_GLASSES, TILE, TILE, 1)) + np.array(_GLASS)
        glass = np.rint(noise).clip(0, 255).astype(np.uint8)
        return cls(size, _outline(rng, size), _square_of_tissue(seed), glass)

    def tile(self, row: int, column: int) -> Tile:
        """The tile of level 0 at a place of its grid."""
        reach = self._surely[row, column]
        if reach == 0:
            return _made(self._rim(row, column))
        key = (1, *self._place(row, column)) if reach > 0 else (-1, self._pane(row, column))
        if key not in self._ready:
            pixels = self._flesh(row, column) if reach > 0 else self.glass[key[1]]
            self._ready[key] = _made(pixels)
        return self._ready[key]

    def all_glass(self, row: int, column: int, span: int) -> bool:
        """Whether `span` x `span` tiles of level 0 from this place on show nothing but glass."""
        return bool((self._surely[row : row + span, column : column + span] < 0).all())

    @cached_property
    def _surely(self) -> npt.NDArray[np.int8]:
        """Per tile: 1 tissue all over, -1 glass all over, 0 a rim in it."""
        count = self.size // TILE
        around = np.pad(self.depth, 1, mode="edge")
        clear = 3 * _UNEVEN_PX + _RIM_PX
        low = cv2.erode(around, np.ones((3, 3)))[1:-1, 1:-1]
        high = cv2.dilate(around, np.ones((3, 3)))[1:-1, 1:-1]
        low = low.reshape(count, _COARSE, count, _COARSE).min((1, 3))
        high = high.reshape(count, _COARSE, count, _COARSE).max((1, 3))
        return (low > clear).astype(np.int8) - (high < -clear)

    def _place(self, row: int, column: int) -> tuple[int, int]:
        """Where in two mirrored periods of the square this place lies, down and across."""
        period = 2 * len(self.flesh)
        return row % period, column % period

    def _pane(self, row: int, column: int) -> int:
        """Which of the pieces of glass; no two neighbours alike."""
        return (row * 13 + column * 5 + row * column) % _GLASSES

    def _flesh(self, row: int, column: int) -> Pixels:
        across = len(self.flesh)
        row, column = self._place(row, column)
        down, right = row < across, column < across
        pixels = self.flesh[
            row if down else 2 * across - 1 - row, column if right else 2 * across - 1 - column
        ]
        return np.ascontiguousarray(pixels[:: 1 if down else -1, :: 1 if right else -1])

    def _rim(self, row: int, column: int) -> Pixels:
        """Tissue where it is deep enough, glass elsewhere, and a soft edge between them."""
        axis = (np.arange(TILE, dtype=np.float32) + 0.5) / _CELL - 0.5
        x, y = np.meshgrid(axis + column * _COARSE, axis + row * _COARSE)
        depth = cv2.remap(self.depth, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        flesh, glass = self._flesh(row, column), self.glass[self._pane(row, column)]
        # The tissue's own pattern makes its rim uneven, so no second noise is needed.
        grain = cv2.GaussianBlur(flesh[..., 1], (0, 0), 9).astype(np.float32)
        depth += _UNEVEN_PX * ((grain - grain.mean()) / max(1.0, grain.std())).clip(-3, 3)
        here = np.clip(depth / _RIM_PX + 0.5, 0, 1)[..., None]
        return np.rint(glass + here * (flesh.astype(np.float32) - glass)).astype(np.uint8)


def _write(path: Path, scene: Scene) -> None:
    """Level 0 as it is composed; the smaller ones, kept encoded meanwhile, after it."""
    levels: list[list[list[bytes]]] = []
    with tifffile.TiffWriter(path, bigtiff=True) as tif:
        tif.write(_level_0(scene, levels), **_layout(scene.size, 0))
        size = scene.size
        for level, rows in enumerate(levels, start=1):
            size = (size + 1) // 2
            tif.write((tile for row in rows for tile in row), **_layout(size, level))


def _level_0(scene: Scene, levels: list[list[list[bytes]]]) -> Iterator[bytes]:
    """Tiles by row; fills `levels` with the encoded tiles of every smaller level on the way."""
    count = scene.size // TILE
    halves = _Halves(scene, levels)
    for row in range(count):
        tiles = [scene.tile(row, column) for column in range(count)]
        halves.add(1, row, [tile.half for tile in tiles])  # first: nobody asks on after the last
        yield from (tile.encoded for tile in tiles)


class _Halves:
    """Composes a row of tiles of each level as soon as the two rows below it are known."""

    def __init__(self, scene: Scene, levels: list[list[list[bytes]]]) -> None:
        self._scene = scene
        self._levels = levels
        self._upper: dict[int, list[Pixels]] = {}
        self._panes: dict[tuple[int, int], Tile] = {}

    def add(self, level: int, row: int, halves: list[Pixels]) -> None:
        """Take row `row` of the level before `level`, as halves of its tiles."""
        below = -(-self._scene.size // (TILE << (level - 1)))
        if below == 1:
            return
        if row % 2 == 0 and row < below - 1:
            self._upper[level] = halves
            return
        upper = self._upper.pop(level) if row % 2 else halves
        lower = halves if row % 2 else [np.full_like(half, round(_GLASS[0])) for half in halves]
        tiles = [
            self._joined(level, row // 2, column // 2, upper, lower, column)
            for column in range(0, below, 2)
        ]
        while len(self._levels) < level:
            self._levels.append([])
        self._levels[level - 1].append([tile.encoded for tile in tiles])
        self.add(level + 1, row // 2, [tile.half for tile in tiles])

    def _joined(
        self, level: int, row: int, column: int, upper: list[Pixels], lower: list[Pixels], at: int
    ) -> Tile:
        """One tile out of four halves; glass alone is composed once per place modulo four."""
        span = 1 << level
        glass = self._scene.all_glass(row * span, column * span, span)
        key = (level, (row * 3 + column) % 16)
        if glass and key in self._panes:
            return self._panes[key]
        beyond = np.full_like(upper[at], round(_GLASS[0]))
        right = [line[at + 1] if at + 1 < len(line) else beyond for line in (upper, lower)]
        tile = _made(
            np.vstack([np.hstack([upper[at], right[0]]), np.hstack([lower[at], right[1]])])
        )
        if glass and at + 1 < len(upper):
            self._panes[key] = tile
        return tile


def _made(pixels: Pixels) -> Tile:
    encoded = imagecodecs.jpeg8_encode(
        pixels, level=QUALITY, colorspace="RGB", outcolorspace="YCBCR", subsampling="420"
    )
    half = cv2.resize(pixels, (TILE // 2, TILE // 2), interpolation=cv2.INTER_AREA)
    return Tile(bytes(encoded), np.asarray(half, np.uint8))


def _layout(size: int, level: int) -> dict:
    per_cm = 10_000 / (MPP * (1 << level))
    return {
        "shape": (size, size, 3),
        "dtype": np.uint8,
        "tile": (TILE, TILE),
        "photometric": "ycbcr",
        "subsampling": (2, 2),
        "compression": "jpeg",
        "resolution": (per_cm, per_cm),
        "resolutionunit": "CENTIMETER",
        "subfiletype": _REDUCED if level else 0,
        "metadata": None,
        "software": "camnet benchmark",
    }


def _outline(rng: np.random.Generator, size: int) -> Depth:
    """Depths of four to six pieces of tissue that cover `COVERAGE` of the slide."""
    edge = size // _CELL
    x, y = np.meshgrid(*[np.linspace(-1, 1, edge, dtype=np.float32)] * 2)
    height = np.full((edge, edge), -9.0, np.float32)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(4, 7)), endpoint=False):
        away = rng.uniform(0.4, 0.62)
        left, top = x - away * np.cos(angle), y - away * np.sin(angle)
        turn, long = rng.uniform(0, np.pi), rng.uniform(1.0, 1.7)
        along = left * np.cos(turn) + top * np.sin(turn)
        across = top * np.cos(turn) - left * np.sin(turn)
        np.maximum(height, -np.hypot(along / long, across * long), out=height)
    height += 0.07 * clouds(rng, edge, edge * STEP / 5) - (np.maximum(abs(x), abs(y)) > 0.97)
    mask = height > np.quantile(height, 1 - COVERAGE)
    cells = (distance_to(~mask) - distance_to(mask)) / STEP
    return np.asarray(cv2.GaussianBlur(cells * _CELL, (0, 0), 1.5), np.float32)


def _square_of_tissue(seed: int) -> Pixels:
    """The largest square of tiles inside a phantom's tissue: (K, K, 512, 512, 3) uint8."""
    phantom = grow_slide(Entry(0), PhantomSettings(slides=1, size=LARGEST, seed=seed))
    count, per = LARGEST // TILE, TILE // STEP
    depth = phantom.anatomy.tissue.depth.values.reshape(count, per, count, per).min((1, 3))
    inside = np.pad((depth > 3 * _CELL).astype(np.uint8), 1)  # bounded by glass on all sides
    reach = cv2.distanceTransform(inside, cv2.DIST_C, cv2.DIST_MASK_3)
    row, column = np.unravel_index(int(reach.argmax()), reach.shape)
    radius = int(reach[row, column]) - 1
    top, left, across = int(row) - 1 - radius, int(column) - 1 - radius, 2 * radius + 1
    return np.stack(
        [
            [phantom.read(Box(x * TILE, y * TILE, TILE, TILE)) for x in range(left, left + across)]
            for y in range(top, top + across)
        ]
    )


def _lesions(depth: Depth, seed: int) -> tuple[npt.NDArray[np.float64], ...]:
    """Three round regions of tumour, deep in the tissue and apart from each other."""
    rng, room, lesions = np.random.default_rng(seed), depth.copy(), []
    for _ in range(3):
        row, column = np.unravel_index(int(room.argmax()), room.shape)
        radius = 0.6 * float(room[row, column])
        angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        reach = radius * (1 + 0.1 * np.cos(rng.integers(2, 6) * angle))
        x, y = (column + 0.5) * _CELL, (row + 0.5) * _CELL
        lesions.append(
            np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=1).round(1)
        )
        rows, columns = np.ogrid[: len(room), : room.shape[1]]
        apart = np.hypot(rows - row, columns - column) * _CELL
        room[apart < 2.5 * radius] = -1
    return tuple(lesions)


def main() -> None:
    """Make the slides asked for, and print where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--annotated", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for size in options.size:
        start = time.perf_counter()
        path = large_slide(options.folder, size, options.seed, annotated=options.annotated)
        print(f"{path} ({time.perf_counter() - start:.0f} s)", file=sys.stdout, flush=True)


if __name__ == "__main__":
    main()
