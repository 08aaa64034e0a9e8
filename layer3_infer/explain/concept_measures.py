"""Measures of the nuclei of a slide's patches, kept in a CSV so that they are taken once."""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from common.files import write_text
from common.outcomes import Outcome, attempt
from layer3_infer.explain.measures import MEASURES, measure
from layer3_infer.explain.nuclei import find_nuclei
from layer3_infer.explain.nucleus_masks import NucleusMasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from layer3_infer.explain.concept_sample import SampledSlide

log = logging.getLogger(__name__)
_PLACE: Final = ("slide_fingerprint", "nuclei_sha256", "part", "row", "x", "y", "label")


@dataclass(frozen=True, eq=False)
class MeasuringTask:
    """A slide whose patches are to be measured.

    Attributes
    ----------
    slide : SampledSlide
    path : Path
        The CSV.
    nuclei : Path or None
        Folder of given nuclei; None finds them.
    mark : str
        SHA-256 of the given nuclei: measures of others are not taken for these; empty where they
        are found.
    anew : bool
        Measure even if it is done.
    """

    slide: SampledSlide
    path: Path
    nuclei: Path | None = None
    mark: str = ""
    anew: bool = False

    def __call__(self) -> Outcome:
        """Measure, unless it is done."""
        if self.anew or read_measures(self.path, self.slide, self.mark) is None:
            values = measured(self.slide, self.nuclei)
            write_measures(self.path, self.slide, values, self.mark)
        return Outcome(self.slide.slide_id, "done", counts={"patches": len(self.slide)})


def run_task(task: MeasuringTask) -> Outcome:
    """How the measuring of one slide ended."""
    return attempt(task.slide.slide_id, task)


def died(task: MeasuringTask) -> Outcome:
    """How it ended where the process did."""
    reason = f"{task.slide.slide_id}: its process died, of too little memory or of a damaged file"
    return Outcome(task.slide.slide_id, "failed", reason, exit_status=1)


def measured(slide: SampledSlide, masks: Path | None = None) -> npt.NDArray[np.float64]:
    """Every measure of every patch, (N, len(MEASURES)); NaN where it has none.

    Parameters
    ----------
    slide : SampledSlide
    masks : Path or None
        Folder of given nuclei, as `nucleus_masks` has them; None finds nuclei.
    """
    values, patches = np.empty((len(slide), len(MEASURES))), slide.read()
    nuclei_of = _nuclei(slide, patches, masks)
    for number, (patch, nuclei) in enumerate(zip(patches, nuclei_of, strict=True)):
        found = measure(patch, nuclei, slide.mpp)
        values[number] = [found[name] for name in MEASURES]
    return values


def _nuclei(
    slide: SampledSlide, patches: npt.NDArray[np.uint8], masks: Path | None
) -> Iterator[npt.NDArray[np.integer]]:
    """The nuclei of each patch, one patch after the other."""
    if masks is None:
        for patch in patches:
            yield find_nuclei(patch, slide.mpp)
        return
    given = [NucleusMasks(masks, file) for file in slide.files]
    for part, row in zip(slide.part.tolist(), slide.row.tolist(), strict=True):
        yield given[part].read([row])[0]


def write_measures(
    path: Path, slide: SampledSlide, values: npt.NDArray[np.float64], mark: str = ""
) -> None:
    """Write one line per patch: where it is, and its measures; empty where it has none."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_PLACE, *MEASURES])
    for place, row in zip(_places(slide, mark), values.tolist(), strict=True):
        writer.writerow([*place, *["" if np.isnan(value) else repr(value) for value in row]])
    write_text(path, stream.getvalue())


def read_measures(
    path: Path, slide: SampledSlide, mark: str = ""
) -> npt.NDArray[np.float64] | None:
    """What `write_measures` wrote of the same patches and nuclei; None where there is nothing."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        head, *rows = lines
        values = [[float(v) if v else np.nan for v in row[len(_PLACE) :]] for row in rows]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, csv.Error) as error:
        log.warning("%s is measured anew: %s", slide.slide_id, error)
        return None
    places = [row[: len(_PLACE)] for row in rows]
    of_same = head == [*_PLACE, *MEASURES] and places == _places(slide, mark)
    return np.array(values, dtype=np.float64).reshape(-1, len(MEASURES)) if of_same else None


def _places(slide: SampledSlide, mark: str) -> list[list[str]]:
    columns = zip(
        slide.part.tolist(),
        slide.row.tolist(),
        slide.coords.tolist(),
        slide.labels.tolist(),
        strict=True,
    )
    return [
        [slide.fingerprint, mark, *map(str, (part, row, x, y, label))]
        for part, row, (x, y), label in columns
    ]
