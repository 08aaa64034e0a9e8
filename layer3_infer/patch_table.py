"""One CSV line per patch analysed, in the columns wsinfer writes and QuPath extensions read."""

from __future__ import annotations

import csv
import io
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ContractError
from common.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from layer3_infer.heatmap import Heatmap

_PLACE: Final = ["minx", "miny", "width", "height"]
_ADVICE: Final = "Run layer3-infer heatmap again"


def write_patch_table(path: Path, heatmap: Heatmap, classes: Sequence[str]) -> None:
    """Write ``minx,miny,width,height,prob_<class>...``, whole or not at all.

    Places and sizes are level-0 px; patches are in order by row, then by column. A row of the
    heatmap is in memory at a time.

    Parameters
    ----------
    path : Path
    heatmap : Heatmap
    classes : sequence of two str
        Names of the two classes; the answer of a heatmap is the probability of the last.
    """
    columns = [f"prob_{name}" for name in classes]
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(_lines(heatmap, columns))


def check_patch_table(path: Path, heatmap: Heatmap) -> None:
    """Make sure that a file is the whole table of a heatmap, digit for digit.

    Raises
    ------
    ContractError
        Naming the first line that differs.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            columns = _class_columns(path, stream.readline())
            stream.seek(0)
            wanted = _lines(heatmap, columns)
            for number, (found, line) in enumerate(zip_longest(stream, wanted), 1):
                if found != line:
                    expected = "nothing more" if line is None else repr(line)
                    said = "nothing more" if found is None else repr(found)
                    raise ContractError(path, f"line {number}", expected, said, _ADVICE)
    except UnicodeDecodeError as error:
        raise ContractError(path, "text", "UTF-8", str(error), _ADVICE) from error


def _class_columns(path: Path, line: str) -> list[str]:
    """Names of the two columns of probabilities, in the first line."""
    names = next(csv.reader([line]), [])
    columns = names[len(_PLACE) :]
    prefixed = all(name.startswith("prob_") for name in columns)
    if names[: len(_PLACE)] != _PLACE or len(columns) != 2 or not prefixed:
        expected = ",".join([*_PLACE, "prob_<class>", "prob_<class>"])
        raise ContractError(path, "line 1", expected, repr(line), _ADVICE)
    return columns


def _lines(heatmap: Heatmap, columns: Sequence[str]) -> Iterator[str]:
    """The lines, with their ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_PLACE, *columns])
    yield text.getvalue()
    edge = heatmap.grid.edge
    for row, values in enumerate(heatmap.values):
        (analysed,) = np.nonzero(~np.isnan(values))
        y = heatmap.grid.origin[1] + heatmap.grid.stride * row
        lefts = heatmap.grid.origin[0] + heatmap.grid.stride * analysed
        scores = values[analysed]
        for x, other, score in zip(lefts.tolist(), np.float32(1) - scores, scores, strict=True):
            yield f"{x},{y},{edge},{edge},{other!s},{score!s}\n"
