"""Whether a patch file follows its specification."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.reader import PatchFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLUMNS: Final = {
    schema.COORDS: (2, np.int64),
    schema.LABELS: (None, np.int8),
    schema.TUMOR_FRACTION: (None, np.float32),
    schema.TISSUE_FRACTION: (None, np.float32),
    schema.REJECTED_COORDS: (2, np.int64),
    schema.REJECTED_REASON: (None, np.uint8),
}
_DECODE_ROWS: Final = 64


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
    for violation in violations(path, decode=decode):
        raise violation
    return PatchFile(path).header


def violations(path: Path, *, decode: bool = False) -> Iterator[ContractError]:
    """Every violation found, until one hides the rest."""
    patch_file = PatchFile(path)
    try:
        header = patch_file.header
        broken = list(_columns(patch_file))
        yield from broken
        if not broken:
            yield from _header(patch_file, header)
            yield from _values(patch_file, header)
            yield from _pixels(patch_file, header, decode=decode)
    except ContractError as error:
        yield error
    finally:
        patch_file.close()


def _columns(patch_file: PatchFile) -> Iterator[ContractError]:
    """Shapes and types; the length of the columns is that of ``/coords``."""
    rows: dict[str, int] = {}
    for name, (width, dtype) in _COLUMNS.items():
        dataset = patch_file.file.get(name)
        expected = (
            f"({'M' if 'rejected' in name else 'N'}{', 2' if width else ','}) {dtype.__name__}"
        )
        if not isinstance(dataset, h5py.Dataset):
            yield ContractError(patch_file.path, f"/{name}", expected, "nothing")
            continue
        shape = dataset.shape
        if shape[1:] != ((width,) if width else ()) or len(shape) < 1 or dataset.dtype != dtype:
            yield ContractError(patch_file.path, f"/{name}", expected, f"{shape} {dataset.dtype}")
        else:
            rows[name] = shape[0]
    for name, length in rows.items():
        first = schema.REJECTED_COORDS if "rejected" in name else schema.COORDS
        if length != rows.get(first, length):
            yield ContractError(patch_file.path, f"/{name}", f"{rows[first]} rows", f"{length}")


def _header(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    positive = ("patch_size", "patch_mpp", "level0_mpp", "parts")
    placed = ("patch_size_level0", "level0_width", "level0_height") if header.placed else ()
    for name in (*positive, *placed):
        value = getattr(header, name)
        if not (0 < value < float("inf")):
            yield ContractError(patch_file.path, name, "a number greater than 0", repr(value))
    if header.split not in schema.SPLITS:
        yield ContractError(patch_file.path, "split", f"one of {schema.SPLITS}", repr(header.split))
    if not 0 <= header.part < max(header.parts, 1):
        yield ContractError(patch_file.path, "part", f"0 to {header.parts - 1}", str(header.part))
    if patch_file.path.name != header.file_name:
        found = patch_file.path.name
        yield ContractError(patch_file.path, "file name", header.file_name, found, "Rename it back")


def _values(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    coords, labels = patch_file.coords, patch_file.labels
    if not np.isin(labels, list(schema.LABEL_NAMES)).all():
        found = str(sorted(set(labels.tolist())))
        yield ContractError(patch_file.path, f"/{schema.LABELS}", "-1, 0 or 1", found)
    for name in (schema.TUMOR_FRACTION, schema.TISSUE_FRACTION):
        values = patch_file.column(name)
        if not (np.isnan(values) | ((values >= 0) & (values <= 1))).all():
            yield ContractError(patch_file.path, f"/{name}", "0 to 1, or NaN", "values outside")
    reasons = patch_file.column(schema.REJECTED_REASON)
    if not np.isin(reasons, list(schema.REASONS.values())).all():
        expected = f"codes of {schema.REASONS}"
        found = str(sorted(set(reasons.tolist())))
        yield ContractError(patch_file.path, f"/{schema.REJECTED_REASON}", expected, found)
    if header.placed:
        yield from _places(patch_file, header)
    elif not (coords == -1).all():
        yield ContractError(patch_file.path, f"/{schema.COORDS}", "-1 without a place", "places")
    yield from _counts(patch_file, kept=len(labels), rejected=len(reasons))


def _places(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    size = np.array([header.level0_width, header.level0_height])
    for name in (schema.COORDS, schema.REJECTED_COORDS):
        coords = patch_file.column(name)
        if not ((coords >= 0) & (coords + header.patch_size_level0 <= size)).all():
            expected = f"patches inside the slide of {size[0]} x {size[1]} px"
            yield ContractError(patch_file.path, f"/{name}", expected, "patches that leave it")
    coords = patch_file.coords
    if not (np.lexsort((coords[:, 0], coords[:, 1])) == np.arange(len(coords))).all():
        expected = "places by row, then by column"
        yield ContractError(patch_file.path, f"/{schema.COORDS}", expected, "another order")


def _counts(patch_file: PatchFile, kept: int, rejected: int) -> Iterator[ContractError]:
    try:
        counts: dict[str, Any] = json.loads(str(patch_file.file.attrs["counts"]))
    except (KeyError, ValueError):
        yield ContractError(patch_file.path, "counts", "a JSON object", "none")
        return
    for name, number in (("kept", kept), ("rejected", rejected)):
        if counts.get(name) != number:
            found = repr(counts.get(name))
            yield ContractError(patch_file.path, f"counts.{name}", str(number), found)


def _pixels(
    patch_file: PatchFile, header: schema.Header, *, decode: bool
) -> Iterator[ContractError]:
    count = len(patch_file)
    if patch_file.codec == "raw":
        size = header.patch_size
        stored: Any = patch_file.file[schema.PATCHES]
        if stored.shape != (count, size, size, 3) or stored.dtype != np.uint8:
            expected = f"({count}, {size}, {size}, 3) uint8"
            found = f"{stored.shape} {stored.dtype}"
            yield ContractError(patch_file.path, f"/{schema.PATCHES}", expected, found)
            return
    elif patch_file.codec == "jpeg":
        offsets = patch_file.column(schema.JPEG_OFFSETS)
        total = len(patch_file.file[schema.JPEG_BYTES])  # type: ignore[arg-type]
        rising = bool((np.diff(offsets) > 0).all()) and offsets[:1].tolist() == [0]
        if len(offsets) != count + 1 or not rising or offsets[-1] != total:
            expected = f"{count + 1} rising offsets from 0 to {total}"
            yield ContractError(patch_file.path, f"/{schema.JPEG_OFFSETS}", expected, "others")
            return
    if decode and patch_file.codec != "none":
        for start in range(0, count, _DECODE_ROWS):
            patch_file.read(np.arange(start, min(start + _DECODE_ROWS, count)))
