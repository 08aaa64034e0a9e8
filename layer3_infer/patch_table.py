"""One CSV line per patch analysed, in the columns wsinfer writes and QuPath extensions read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from common.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.heatmap import Heatmap


def write_patch_table(path: Path, heatmap: Heatmap, classes: Sequence[str]) -> None:
    """Write ``minx,miny,width,height,prob_<class>...``, whole or not at all.

    Parameters
    ----------
    path : Path
    heatmap : Heatmap
    classes : sequence of two str
        Names of the two classes; the answer of a heatmap is the probability of the last.
    """
    other, tumor = classes
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["minx", "miny", "width", "height", f"prob_{other}", f"prob_{tumor}"])
    edge = heatmap.grid.edge
    for (x, y), score in zip(heatmap.xy.tolist(), heatmap.scores, strict=True):
        writer.writerow([x, y, edge, edge, np.float32(1) - score, score])
    write_text(path, text.getvalue())
