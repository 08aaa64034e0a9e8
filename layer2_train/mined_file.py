"""Some patches of a slide, written to a patch file of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from common.patch_file import schema
from common.patch_file.copying import quality_of, stored_reader
from common.patch_file.writer import open_writer
from common.provenance import software

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.codec import Codec, Stored
    from common.patch_file.reader import PatchFile

_FRACTIONS = (schema.TUMOR_FRACTION, schema.TISSUE_FRACTION)
_QUALITY = 95


@dataclass(frozen=True, eq=False)
class Chosen:
    """Patches of one slide, no place twice.

    Attributes
    ----------
    files : tuple of PatchFile
        That hold them: one, or parts of the slide.
    file : (N,) int64
        Place in `files` of each patch.
    row : (N,) int64
        And its row there.
    """

    files: tuple[PatchFile, ...]
    file: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]


def write_mined(folder: Path, chosen: Chosen, sampling: dict[str, Any]) -> Path:
    """Write ``<slide_id>.h5``, pixels as they are stored; its path.

    Everything the header says stays, but for the sampling and for parts, which become one file.

    Parameters
    ----------
    folder : Path
    chosen : Chosen
    sampling : dict
        How they were chosen, its method first of all.
    """
    first = chosen.files[0].header
    header = replace(first, part=0, parts=1, sampling=sampling, software=software())
    codec, quality = _storage(chosen.files)
    columns = [_columns(file) for file in chosen.files]
    readers = [_reader(file, codec) for file in chosen.files]
    path = folder / header.file_name
    with open_writer(path, header, codec, quality) as writer:
        for at in _order(chosen, columns, placed=header.placed):
            number, row = int(chosen.file[at]), int(chosen.row[at])
            own = slice(row, row + 1)
            coords, labels, tumor, tissue = (column[own] for column in columns[number])
            writer.append(coords, labels, tumor, tissue, readers[number](row, row + 1))
        writer.finish()
    for file in chosen.files:
        file.close()
    return path


def _columns(file: PatchFile) -> tuple[npt.NDArray[Any], ...]:
    return (file.coords, file.labels, *(file.column(name) for name in _FRACTIONS))


def _order(
    chosen: Chosen, columns: Sequence[tuple[npt.NDArray[Any], ...]], *, placed: bool
) -> npt.NDArray[np.int64]:
    """By row, then by column of the slide; without places as they were stored."""
    if not placed:
        return np.lexsort((chosen.row, chosen.file))
    coords = np.array(
        [columns[n][0][row] for n, row in zip(chosen.file, chosen.row, strict=True)], np.int64
    ).reshape(-1, 2)
    return np.lexsort((coords[:, 0], coords[:, 1]))


def _storage(files: Sequence[PatchFile]) -> tuple[Codec, int]:
    """How all of the files store pixels; raw, which loses nothing, where they differ."""
    first, quality = files[0].codec, quality_of(files[0])
    alike = all((file.codec, quality_of(file)) == (first, quality) for file in files)
    return (first if alike else "raw"), quality or _QUALITY


def _reader(file: PatchFile, codec: Codec) -> Callable[[int, int], Stored]:
    if file.codec == codec:
        return stored_reader(file)
    return lambda first, last: file.read(range(first, last))
