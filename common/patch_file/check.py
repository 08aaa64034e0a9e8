"""Whether a patch file follows its specification."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.check_header import header_violations
from common.patch_file.check_labels import label_violations
from common.patch_file.check_pixels import pixel_violations
from common.patch_file.check_places import place_violations
from common.patch_file.container import dataset
from common.patch_file.reader import PatchFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIXELS = (schema.PATCHES, schema.JPEG_BYTES, schema.JPEG_OFFSETS)
_ROWS = {
    schema.LABELS: schema.COORDS,
    schema.TUMOR_FRACTION: schema.COORDS,
    schema.TISSUE_FRACTION: schema.COORDS,
    schema.REJECTED_REASON: schema.REJECTED_COORDS,
}


def check(path: Path, *, decode: bool = False) -> schema.Header:
    """The header of a patch file that keeps every MUST of the specification.

    Parameters
    ----------
    path : Path
    decode : bool
        Read and decode every patch too; without it only what is cheap on any size.

    Raises
    ------
    ContractError
        The first violation.
    """
    with closing(PatchFile(path)) as patch_file:
        for violation in _violations(patch_file, decode=decode):
            raise violation
        return patch_file.header


def violations(path: Path, *, decode: bool = False) -> Iterator[ContractError]:
    """Every violation found, until one hides the rest."""
    with closing(PatchFile(path)) as patch_file:
        try:
            yield from _violations(patch_file, decode=decode)
        except ContractError as error:
            yield error


def _violations(patch_file: PatchFile, *, decode: bool) -> Iterator[ContractError]:
    """What is wrong, from the outside in; what rests on something broken is not looked at."""
    header = patch_file.header
    broken = list(_column_violations(patch_file)) + list(header_violations(patch_file, header))
    yield from broken
    if not broken:
        yield from label_violations(patch_file)
        yield from place_violations(patch_file, header)
        yield from pixel_violations(patch_file, decode=decode)


def _column_violations(patch_file: PatchFile) -> Iterator[ContractError]:
    """Shapes and types; the length of the columns is that of the coordinates."""
    lengths: dict[str, int] = {}
    for name in schema.COLUMNS:
        if name in _PIXELS:
            continue
        try:
            lengths[name] = len(dataset(patch_file.path, patch_file.file, name))
        except ContractError as error:
            yield error
    for name, first in _ROWS.items():
        rows = lengths.get(first)
        if name in lengths and rows is not None and lengths[name] != rows:
            yield ContractError(patch_file.path, f"/{name}", f"{rows} rows", f"{lengths[name]}")
