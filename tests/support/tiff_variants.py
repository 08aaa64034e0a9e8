"""Tiled TIFF slides in all the ways the specification allows, and in some that it does not.

Written byte by byte, so that a test can state what a library would not write: a missing tile, a
directory that lies, an offset beyond the end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy as np

JPEG = 7
PHOTOMETRIC = {"RGB": 2, "YCBCR": 6}
SUBSAMPLING = {"444": (1, 1), "422": (2, 1), "420": (2, 2), "440": (1, 2)}
CENTIMETRE = 3
_SHORT, _LONG, _RATIONAL, _UNDEFINED, _LONG8, _ASCII = 3, 4, 5, 7, 16, 2
_TABLES = {0xDB, 0xC4, 0xDD}


@dataclass(frozen=True)
class Variant:
    """How a slide is stored.

    ``missing`` are (level, tile number) without bytes. ``tags`` replaces values of level 0, by tag
    number, after all else; ``encode`` replaces the encoding of one tile.
    """

    width: int = 500
    height: int = 400
    tile: tuple[int, int] = (128, 128)
    levels: tuple[tuple[int, int], ...] = ()
    colours: str = "YCBCR"
    subsampling: str = "420"
    shared_tables: bool = True
    big: bool = True
    order: str = "<"
    missing: frozenset[tuple[int, int]] = frozenset()
    description: str = ""
    compression: int = JPEG
    encode: Callable[[np.ndarray], bytes] | None = None
    subfiletypes: bool = True
    photometric: int | None = None
    mpp: float | None = 0.5
    quality: int = 85
    tags: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        return ((self.width, self.height), *self.levels)


def write_variant(path: Path, variant: Variant, image: np.ndarray | None = None) -> Path:
    """The slide as a file; `image` is level 0, (height, width, 3) uint8, by default `tissue`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(variant, image))
    return path


def encoded(variant: Variant, image: np.ndarray | None = None) -> bytes:
    """The bytes of the file."""
    writer = _Writer(variant)
    whole = tissue(variant.width, variant.height) if image is None else image
    for level, size in enumerate(variant.sizes):
        writer.add(level, _nearest(whole, size))
    return bytes(writer.data)


def tissue(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Stained blobs on glass with fine grain, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.sin(x / 17 + seed) * np.cos(y / 23) + np.sin((x + 2 * y) / 41)
    grain = rng.normal(0, 14, (height, width))
    glass = np.stack([243 + 0 * waves] * 3, axis=-1)
    stain = np.stack([190 + 40 * waves, 110 + 50 * waves, 170 + 25 * waves], axis=-1)
    mixed = np.where((waves > -0.4)[..., None], stain + grain[..., None], glass)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def tile_place(variant: Variant, number: int, level: int = 0) -> tuple[int, int]:
    """Level px of the top left corner of a tile, (x, y)."""
    columns = -(-variant.sizes[level][0] // variant.tile[0])
    row, column = divmod(number, columns)
    return column * variant.tile[0], row * variant.tile[1]


def _nearest(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    rows = np.arange(size[1]) * image.shape[0] // size[1]
    columns = np.arange(size[0]) * image.shape[1] // size[0]
    return image[rows][:, columns]


class _Writer:
    """Appends levels to the bytes of a file."""

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._order = variant.order
        mark = b"II" if self._order == "<" else b"MM"
        head = self._pack("HHHQ", 43, 8, 0, 0) if variant.big else self._pack("HI", 42, 0)
        self.data = bytearray(mark + head)
        self._link = len(self.data) - (8 if variant.big else 4)

    def add(self, level: int, image: np.ndarray) -> None:
        variant = self._variant
        streams = [self._tile(tile) for tile in _tiles(image, variant.tile)]
        tables, streams = shared(streams) if self._shares else (b"", streams)
        offsets, lengths = [], []
        for number, stream in enumerate(streams):
            absent = (level, number) in variant.missing
            offsets.append(0 if absent else len(self.data))
            lengths.append(0 if absent else len(stream))
            self.data += b"" if absent else stream
        tags = self._tags(level, image.shape[1], image.shape[0], tables)
        place = _LONG8 if variant.big else _LONG
        tags[324], tags[325] = (place, tuple(offsets)), (_LONG, tuple(lengths))
        if level == 0:
            for number, values in variant.tags.items():
                tags[number] = (tags.get(number, (_SHORT, ()))[0], values)
        self._directory(tags)

    @property
    def _shares(self) -> bool:
        return self._variant.shared_tables and self._variant.compression == JPEG

    def _tile(self, pixels: np.ndarray) -> bytes:
        variant = self._variant
        if variant.encode is not None:
            return variant.encode(pixels)
        if variant.compression != JPEG:
            return pixels.tobytes()
        return jpeg(pixels, variant.colours, variant.subsampling, variant.quality)

    def _tags(self, level: int, width: int, height: int, tables: bytes) -> dict:
        variant = self._variant
        photometric = variant.photometric or PHOTOMETRIC[variant.colours]
        tags = {
            254: (_LONG, (int(level > 0 and variant.subfiletypes),)),
            256: (_LONG, (width,)),
            257: (_LONG, (height,)),
            258: (_SHORT, (8, 8, 8)),
            259: (_SHORT, (variant.compression,)),
            262: (_SHORT, (photometric,)),
            277: (_SHORT, (3,)),
            284: (_SHORT, (1,)),
            322: (_LONG, (variant.tile[0],)),
            323: (_LONG, (variant.tile[1],)),
        }
        if variant.description:
            tags[270] = (_ASCII, variant.description.encode() + b"\0")
        if variant.mpp is not None and level == 0:
            per_cm = (round(1e6 / variant.mpp), 100)
            tags |= {282: (_RATIONAL, per_cm), 283: (_RATIONAL, per_cm), 296: (_SHORT, (3,))}
        if tables:
            tags[347] = (_UNDEFINED, tables)
        if photometric == PHOTOMETRIC["YCBCR"]:
            tags[530] = (_SHORT, SUBSAMPLING[variant.subsampling])
        return tags

    def _directory(self, tags: dict) -> None:
        big = self._variant.big
        entries, room = [], 8 if big else 4
        for number, (kind, values) in sorted(tags.items()):
            value, count = self._value(kind, values)
            if len(value) > room:
                self.data += b"\0" * (len(self.data) % 2)
                at, value = len(self.data), self._pack("Q" if big else "I", len(self.data))
                self.data += self._value(kind, values)[0]
                del at
            head = self._pack("HHQ" if big else "HHI", number, kind, count)
            entries.append(head + value.ljust(room, b"\0"))
        self.data += b"\0" * (len(self.data) % 2)
        self._linked(len(self.data))
        self.data += self._pack("Q" if big else "H", len(entries)) + b"".join(entries)
        self._link = len(self.data)
        self.data += b"\0" * room

    def _linked(self, place: int) -> None:
        value = self._pack("Q" if self._variant.big else "I", place)
        self.data[self._link : self._link + len(value)] = value

    def _value(self, kind: int, values) -> tuple[bytes, int]:
        if isinstance(values, bytes):
            return values, len(values)
        letter = {_SHORT: "H", _LONG: "I", _RATIONAL: "I", _LONG8: "Q"}[kind]
        count = len(values) // (2 if kind == _RATIONAL else 1)
        return self._pack(f"{len(values)}{letter}", *values), count

    def _pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self._order + layout, *values)


def jpeg(pixels: np.ndarray, colours: str = "YCBCR", subsampling: str = "420", quality=85) -> bytes:
    """One whole JPEG stream, its components stored as `colours`."""
    return imagecodecs.jpeg8_encode(
        np.ascontiguousarray(pixels),
        level=quality,
        colorspace="RGB",
        outcolorspace=colours,
        subsampling=subsampling if colours == "YCBCR" else "444",
    )


def claiming(stream: bytes, width: int, height: int) -> bytes:
    """A JPEG stream whose header says another size."""
    at = next(place for mark, place, _ in _segments(stream) if mark in {0xC0, 0xC1, 0xC2})
    return stream[: at + 5] + struct.pack(">HH", height, width) + stream[at + 9 :]


def _tiles(image: np.ndarray, tile: tuple[int, int]) -> list[np.ndarray]:
    width, height = tile
    rows, columns = -(-image.shape[0] // height), -(-image.shape[1] // width)
    pad = ((0, rows * height - image.shape[0]), (0, columns * width - image.shape[1]), (0, 0))
    padded = np.pad(image, pad, mode="edge")
    return [
        padded[r * height : (r + 1) * height, c * width : (c + 1) * width]
        for r in range(rows)
        for c in range(columns)
    ]


def _segments(stream: bytes) -> list[tuple[int, int, int]]:
    """Marker, first byte and end of each segment up to the scan."""
    found, at = [], 2
    while stream[at + 1] != 0xDA:
        length = struct.unpack(">H", stream[at + 2 : at + 4])[0] + 2
        found.append((stream[at + 1], at, at + length))
        at += length
    return [*found, (0xDA, at, len(stream))]


def shared(streams: list[bytes]) -> tuple[bytes, list[bytes]]:
    """JPEG tables that all streams have, and the streams without them."""
    kept = []
    for stream in streams:
        parts = _segments(stream)
        kept.append(b"\xff\xd8" + b"".join(stream[a:b] for m, a, b in parts if m not in _TABLES))
    first = streams[0]
    tables = b"".join(first[a:b] for m, a, b in _segments(first) if m in _TABLES)
    return b"\xff\xd8" + tables + b"\xff\xd9", kept
