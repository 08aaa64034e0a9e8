"""Files of few bytes that claim to hold very much."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import tifffile
from PIL import Image
from tiff_slides import tissue_on_glass

_ASCII_TAGS = 13


def sparse_tiff(path, width, height, tile=256, *, whole=True):
    """A BigTIFF of JPEG tiles none of which is stored; its tables are holes, or missing."""
    tiles = -(-width // tile) * -(-height // tile)
    tables = 16 + 8 + _ASCII_TAGS * 20 + 8
    scale = struct.pack("<II", 20_000, 1)
    tags = [
        (256, 4, 1, struct.pack("<I", width)),
        (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 3, struct.pack("<HHH", 8, 8, 8)),
        (259, 3, 1, struct.pack("<H", 7)),
        (262, 3, 1, struct.pack("<H", 2)),
        (277, 3, 1, struct.pack("<H", 3)),
        (282, 5, 1, scale),
        (283, 5, 1, scale),
        (296, 3, 1, struct.pack("<H", 3)),
        (322, 4, 1, struct.pack("<I", tile)),
        (323, 4, 1, struct.pack("<I", tile)),
        (324, 16, tiles, struct.pack("<Q", tables)),
        (325, 16, tiles, struct.pack("<Q", tables + 8 * tiles)),
    ]
    entries = b"".join(struct.pack("<HHQ8s", *tag) for tag in tags)
    head = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(tags)) + entries + bytes(8)
    with path.open("wb") as stream:
        stream.write(head)
        if whole:
            stream.truncate(tables + 16 * tiles)
    return path


def png_bomb(path, edge=60_000):
    """A black-and-white PNG of edge x edge px."""
    packer = zlib.compressobj(9)
    row = bytes(1 + -(-edge // 8))
    data = b"".join(packer.compress(row) for _ in range(edge)) + packer.flush()
    size = struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", size), (b"IDAT", data), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def lying_jpeg(data, edge=65_000):
    """Every JPEG in `data` says that it is edge x edge px."""
    changed = bytearray(data)
    at = changed.find(b"\xff\xc0\x00\x11")
    while at >= 0:
        changed[at + 5 : at + 9] = struct.pack(">HH", edge, edge)
        at = changed.find(b"\xff\xc0\x00\x11", at + 4)
    return bytes(changed)


def jpeg_bomb(path):
    """A JPEG of a few hundred bytes that says it is 65,000 px square."""
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "JPEG")
    path.write_bytes(lying_jpeg(stream.getvalue()))
    return path


def slide_of_lying_tiles(path):
    """A tiled slide each JPEG of which says that it is 65,000 px square."""
    tifffile.imwrite(
        path,
        tissue_on_glass(),
        tile=(256, 256),
        photometric="rgb",
        compression="jpeg",
        resolution=(20_000, 20_000),
        resolutionunit=3,
        metadata=None,
    )
    path.write_bytes(lying_jpeg(path.read_bytes()))
    return path


def deflated_tile(path, edge=16_384):
    """A slide of one tile whose zeros take a thousandth of their room."""
    zeros = np.zeros((edge, edge, 3), np.uint8)
    tifffile.imwrite(
        path,
        zeros,
        tile=(edge, edge),
        photometric="rgb",
        compression="deflate",
        resolution=(20_000, 20_000),
        resolutionunit=3,
        metadata=None,
    )
    return path


def jagged_mask(path, vertices=1_000_000, width=1024, height=768):
    """GeoJSON of one piece of tissue with very many vertices."""
    x = np.linspace(1, width - 1, vertices // 2)
    y = np.where(np.arange(len(x)) % 2, height * 0.75, height * 0.7)
    top = [[float(a), float(b)] for a, b in zip(x, y, strict=True)]
    ring = [[1.0, 1.0], *top, [width - 1.0, 1.0], [1.0, 1.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def zip_bomb(path, mib=4096, images=1):
    """A zip file of one class folder, each image of which unpacks to `mib` MiB of zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(images):
            with archive.open(f"tumor/{number}.png", "w", force_zip64=True) as stream:
                for _ in range(mib):
                    stream.write(bytes(1 << 20))
    return path
