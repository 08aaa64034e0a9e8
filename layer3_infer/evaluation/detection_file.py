"""Detections of a slide as CAMELYON16 takes them: a line ``p,x,y`` each, no header.

Confidence in [0, 1], then the place in level-0 px; ``<slide_id>.csv`` in a folder. A file without
a line says that nothing was found, which no file does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.annotations.shapes import FARTHEST
from common.errors import ConfigError
from common.files import write_text
from layer3_infer.evaluation.csv_table import read_table
from layer3_infer.evaluation.detections import Detections

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = ".csv"
_COLUMNS: Final = (("p", "confidence", "probability"), ("x",), ("y",))


def write_detections(path: Path, detections: Detections) -> None:
    """Write detections, whole or not at all; places are rounded to whole pixels."""
    places = np.rint(detections.xy).astype(np.int64).tolist()
    found = zip(detections.probability.tolist(), places, strict=True)
    write_text(path, "".join(f"{p!r},{x},{y}\n" for p, (x, y) in found))


def read_detections(path: Path) -> Detections:
    """The detections of one slide; a first line ``Confidence,X,Y`` is understood, too.

    Raises
    ------
    ContractError
        With the line at fault: NaN is no confidence, and nothing lies beyond 10 million pixels.
    """
    rows = read_table(path, _COLUMNS, header=False)
    probability = [row.number("p", 0, 1) for row in rows]
    places = [
        (row.number("x", -FARTHEST, FARTHEST), row.number("y", -FARTHEST, FARTHEST)) for row in rows
    ]
    xy = np.array(places, dtype=np.float64).reshape(-1, 2)
    return Detections(np.array(probability, dtype=np.float64), xy)


def detection_files(folder: Path) -> dict[str, Path]:
    """The files of a folder, by slide id.

    Raises
    ------
    ConfigError
        If there is none.
    """
    found = {path.stem: path for path in sorted(folder.glob(f"[!.]*{SUFFIX}")) if path.is_file()}
    if not found:
        raise ConfigError(
            f"{folder}: expected a CSV of detections per slide, found none. "
            "Name each <slide_id>.csv, with lines p,x,y"
        )
    return found
