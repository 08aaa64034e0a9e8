"""DICOM slides of several files: one slide per series.

A scanner writes each level of a slide, its label and its overview as a ``.dcm`` file of their own,
all with one SeriesInstanceUID, and OpenSlide opens the slide by any of them. So the files of a
folder that share a series are one slide: it is known by the file of its finest level, and its
slide_id is the name of its only file; else of its folder, where no other slide is in it; else of
its first file by name. A file whose series cannot be read is a slide of its own, whose outcome
will say what is wrong with it.
"""

from __future__ import annotations

import struct
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUFFIX: Final = ".dcm"
_TAGS: Final = ["SeriesInstanceUID", "TotalPixelMatrixColumns", "TotalPixelMatrixRows"]


def one_per_series(slides: Iterable[Path], having: Path | None = None) -> list[tuple[Path, str]]:
    """The file and the slide_id of each slide among `slides`, in their order.

    Parameters
    ----------
    slides : iterable of Path
        All slide files of whole folders; those of other formats are slides of their own.
    having : Path or None
        Only the slide this is a file of; None takes all.
    """
    places: dict[Path, list[Path]] = defaultdict(list)
    groups: dict[tuple[Path, str], list[tuple[int, Path]]] = defaultdict(list)
    for path in slides:
        places[path.parent].append(path)
        series, pixels = _series(path) if path.suffix.lower() == SUFFIX else ("", 0)
        groups[(path.parent, series) if series else (path, "")].append((pixels, path))
    return [
        (_finest(files), _slide_id([path for _, path in files], places))
        for files in groups.values()
        if having is None or having in [path for _, path in files]
    ]


def files_of_series(path: Path) -> list[Path]:
    """The files in the folder of `path` that share its series, by name; itself where it has none.

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    series, _ = _series(path)
    beside = sorted(p for p in path.parent.iterdir() if p.suffix.lower() == SUFFIX)
    return [p for p in beside if p == path or (series and _series(p)[0] == series)]


def _finest(files: list[tuple[int, Path]]) -> Path:
    """The file of most pixels; the first by name among equals."""
    return min(files, key=lambda file: (-file[0], file[1].name))[1]


def _slide_id(files: list[Path], places: dict[Path, list[Path]]) -> str:
    first = min(files, key=lambda path: path.name)
    alone = len(files) > 1 and len(places[first.parent]) == len(files)
    return first.parent.name if alone else first.stem


def _series(path: Path) -> tuple[str, int]:
    """SeriesInstanceUID and number of pixels; an empty text where they cannot be read."""
    import pydicom  # here, because most folders hold no DICOM
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values no scanner should write; none is used here
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
            columns = header.get("TotalPixelMatrixColumns") or 0
            rows = header.get("TotalPixelMatrixRows") or 0
            return str(header.get("SeriesInstanceUID") or ""), int(columns) * int(rows)
    except (
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
        BytesLengthException,
        InvalidDicomError,
    ):
        return "", 0
