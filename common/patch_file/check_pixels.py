"""Whether the pixels of a patch file are stored as they must be."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.container import ANEW, attribute, dataset, guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.patch_file.reader import PatchFile

_DECODE_ROWS: Final = 64


def pixel_violations(patch_file: PatchFile, *, decode: bool) -> Iterator[ContractError]:
    """Pixels stored twice, in other shapes, or, where they are decoded, ones that do not."""
    path = patch_file.path
    with guarded(path, "datasets"):
        names = set(patch_file.file)
    if {schema.PATCHES, schema.JPEG_BYTES} <= names:
        item = f"/{schema.JPEG_BYTES}"
        yield ContractError(path, item, f"nothing beside /{schema.PATCHES}", "a dataset")
    if patch_file.codec == "raw":
        yield from _chunk_violations(patch_file)
    elif patch_file.codec == "jpeg":
        yield from _quality_violations(patch_file)
    yield from unwritten_violations(patch_file)
    if patch_file.codec == "none":
        return
    patch_file.read([])
    for start in range(0, len(patch_file) if decode else 0, _DECODE_ROWS):
        patch_file.read(np.arange(start, min(start + _DECODE_ROWS, len(patch_file))))


def unwritten_violations(patch_file: PatchFile) -> Iterator[ContractError]:
    """Pixels that the file claims and does not store: they would read as black patches."""
    name = {"raw": schema.PATCHES, "jpeg": schema.JPEG_BYTES}.get(patch_file.codec)
    if name is not None:
        yield from _unwritten(patch_file, name)


def _chunk_violations(patch_file: PatchFile) -> Iterator[ContractError]:
    item, size = f"/{schema.PATCHES}", patch_file.header.patch_size
    stored = dataset(patch_file.path, patch_file.file, schema.PATCHES)
    with guarded(patch_file.path, item, "one patch per chunk"):
        chunks = stored.chunks
    if chunks != (1, size, size, 3):
        found = f"chunks of {chunks}"
        yield ContractError(patch_file.path, item, "one patch per chunk", found)


def _quality_violations(patch_file: PatchFile) -> Iterator[ContractError]:
    path, item = patch_file.path, f"/{schema.JPEG_OFFSETS} {schema.JPEG_QUALITY}"
    offsets = dataset(path, patch_file.file, schema.JPEG_OFFSETS)
    with guarded(path, item, "1 to 100"):
        quality = schema.plain(item, attribute(path, offsets, schema.JPEG_QUALITY), int)
    if not 1 <= quality <= 100:
        yield ContractError(path, item, "1 to 100", str(quality))


def _unwritten(patch_file: PatchFile, name: str) -> Iterator[ContractError]:
    stored: Any = dataset(patch_file.path, patch_file.file, name)
    with guarded(patch_file.path, f"/{name}", "whole pixels"):
        if stored.is_virtual or not stored.size:
            return
        if stored.chunks is None:
            unit, expected, found = "bytes", stored.nbytes, stored.id.get_storage_size()
        else:
            edges = zip(stored.shape, stored.chunks, strict=True)
            unit, expected = "chunks", prod(-(-edge // chunk) for edge, chunk in edges)
            found = stored.id.get_num_chunks()
    if found < expected:
        said = f"{found}: the rest was never written"
        yield ContractError(patch_file.path, f"/{name}", f"{expected} {unit}", said, ANEW)
