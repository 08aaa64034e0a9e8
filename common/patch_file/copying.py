"""Pixels of a patch file as they are stored, to be written to another without loss."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.container import ANEW, attribute, dataset, guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.patch_file.codec import Stored
    from common.patch_file.reader import PatchFile


def quality_of(file: PatchFile) -> int | None:
    """The quality of the JPEG files in a patch file; None where it holds none."""
    if file.codec != "jpeg":
        return None
    offsets = dataset(file.path, file.file, schema.JPEG_OFFSETS)
    with guarded(file.path, schema.JPEG_QUALITY, "a whole number"):
        value = attribute(file.path, offsets, schema.JPEG_QUALITY)
        return int(schema.plain(schema.JPEG_QUALITY, value, int))


def stored_reader(file: PatchFile) -> Callable[[int, int], Stored]:
    """A function that reads the patches of rows `first` to `last`, without the latter.

    What it gives is what `PatchWriter.append` takes: raw pixels, JPEG files that are not decoded,
    or None from a file of locations.

    Raises
    ------
    ContractError
        Here or on reading, where the file is damaged.
    """
    if file.codec == "none":
        return lambda _first, _last: None
    if file.codec == "raw":
        return lambda first, last: file.read(range(first, last))
    offsets, data = _jpeg(file)

    def read(first: int, last: int) -> Stored:
        start = int(offsets[first])
        with guarded(file.path, f"/{schema.JPEG_BYTES}", "pixels"):
            some = data[start : int(offsets[last])]
            ends = offsets[first : last + 1] - start
            return [some[a:b] for a, b in pairwise(ends.tolist())]

    return read


def _jpeg(file: PatchFile) -> tuple[Any, Any]:
    """Offsets, and the dataset they point into; refused where they do not fit together."""
    data = dataset(file.path, file.file, schema.JPEG_BYTES)
    offsets = file.column(schema.JPEG_OFFSETS)
    rising = bool((offsets[1:] > offsets[:-1]).all())
    if len(offsets) != len(file) + 1 or not rising or (offsets[0], offsets[-1]) != (0, len(data)):
        expected = f"{len(file) + 1} rising offsets from 0 to {len(data)}"
        raise ContractError(file.path, f"/{schema.JPEG_OFFSETS}", expected, "others", ANEW)
    return offsets, data
