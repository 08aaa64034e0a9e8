"""A cohort to a folder of heatmaps: resume, go on past a slide that fails, record every outcome."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.config import digest
from common.errors import ContractError, SlideError
from common.files import write_text
from common.slide_changes import seen_of
from common.staging import forecast_slides
from layer3_infer.model_facts import as_json, model_facts
from layer3_infer.patient_score import patients_csv
from layer3_infer.result_changes import note_seen
from layer3_infer.run_claim import claim_run, read_run
from layer3_infer.slide_result import as_csv, read_results
from layer3_infer.spreading import COPIES, spread_units

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.staging import Forecast as Copies
    from common.units import Unit
    from layer3_infer.analysis import Analysis
    from layer3_infer.results_folder import ResultsFolder
    from layer3_infer.slide_result import SlideResult

log = logging.getLogger(__name__)


def run(
    analysis: Analysis,
    units: Sequence[Unit],
    cohort: Sequence[str],
    *,
    processes: int = 1,
    overwrite: bool = False,
    tables: bool = True,
) -> tuple[list[SlideResult], int]:
    """Analyse each unit; slides that an earlier run finished are kept.

    Parameters
    ----------
    analysis : Analysis
    units : sequence of Unit
        This task's share of the slides, or of their parts.
    cohort : sequence of str
        The ids of all slides, whichever task has them.
    processes : int
        Each with a network of its own; the analysis' workers are divided among them.
    overwrite : bool
        Do finished slides anew, and replace results of another model or configuration.
    tables : bool
        Gather what is said of all slides at the end. A task of many leaves that to `merge`: each
        would read the outcomes of all.

    Returns
    -------
    results : list of SlideResult
        One per unit, in the order of `units`; parts that wait for others have no scores.
    kept : int
        How many slides were finished before.
    """
    _claim(analysis, cohort, overwrite=overwrite)
    entries = {unit.entry.slide_id: unit.entry for unit in units}
    finished = {} if overwrite else finished_results(analysis, list(entries.values()))
    left = [unit for unit in units if unit.entry.slide_id not in finished]
    made = spread_units(analysis, left, processes, overwrite=overwrite)
    whole = {**finished, **{result.slide_id: result for result in made if result.parts == 1}}
    waiting = [result for result in made if result.slide_id not in whole]
    results = [*(whole[slide_id] for slide_id in entries if slide_id in whole), *waiting]
    if tables:
        write_tables(analysis.folder)
    else:
        said = "%s and %s are left to layer3-infer merge: this is one of several shares"
        log.info(said, analysis.folder.slides.name, analysis.folder.patients.name)
    return results, len(finished)


def write_tables(folder: ResultsFolder) -> list[SlideResult]:
    """Gather what is said of slides and patients, by whichever task of the latest run.

    Results that stand beside them, of another model or of slides the run is not about, are named in
    the log and left out: their scores would be compared with these.
    """
    run, recorded = read_run(folder.path), read_results(folder.path)
    results = [
        result
        for result in recorded
        if result.slide_id in run.get("slides", ())
        and (result.status == "failed" or result.made_by(run))
    ]
    others = sorted({r.slide_id for r in recorded} - {r.slide_id for r in results})
    if others:
        log.warning("results of another run are left out of the tables: %s", ", ".join(others))
    write_text(folder.slides, as_csv(results))
    write_text(folder.patients, patients_csv(results))
    return results


def finished_results(analysis: Analysis, entries: Sequence[SlideEntry]) -> dict[str, SlideResult]:
    """Results of the slides an earlier run finished, by slide id.

    What the files of these are now is noted, so that they are not looked into again.
    """
    found: dict[str, SlideResult] = {}
    for entry in entries:
        seen = seen_of(entry)  # before they are looked into
        if (result := analysis.finished(entry)) is not None:
            note_seen(analysis.folder.path, result, seen)
            found[entry.slide_id] = result
    return found


@dataclass(frozen=True)
class Forecast:
    """What a run would do with one slide.

    Attributes
    ----------
    name, status : str
        Slide and part, and ``finished``, ``to do`` or ``fails``.
    patches : int
        To be analysed.
    reason : str
    """

    name: str
    status: str
    patches: int = 0
    reason: str = ""


def forecast(
    analysis: Analysis, units: Sequence[Unit], cohort: Sequence[str], *, overwrite: bool = False
) -> list[Forecast]:
    """What `run` would do with the same words, reading thumbnails only and writing nothing."""
    _refuse_shared_names(analysis, cohort, overwrite=overwrite)
    return [_forecast(analysis, unit, overwrite=overwrite) for unit in units]


def copies(
    scratch: Path | None,
    units: Sequence[Unit],
    forecasts: Sequence[Forecast],
    processes: int = 1,
) -> Copies | None:
    """What would be copied to scratch of the units that are still to do."""
    if scratch is None:
        return None
    todo = {one.name for one in forecasts if one.status == "to do"}
    slides = [unit.entry.path for unit in units if unit.name in todo]
    return forecast_slides(scratch, slides, COPIES * processes)


def _forecast(analysis: Analysis, unit: Unit, *, overwrite: bool) -> Forecast:
    if not overwrite and analysis.finished(unit.entry) is not None:
        return Forecast(unit.name, "finished")
    try:
        patches, reason = analysis.left(unit)
    except (SlideError, ContractError) as error:
        return Forecast(unit.name, "fails", reason=str(error))
    return Forecast(unit.name, "to do", patches, reason)


def _refuse_shared_names(analysis: Analysis, cohort: Sequence[str], *, overwrite: bool) -> None:
    earlier = () if overwrite else read_run(analysis.folder.path).get("slides", ())
    analysis.folder.refuse_shared_names((*cohort, *earlier))


def _claim(analysis: Analysis, cohort: Sequence[str], *, overwrite: bool) -> None:
    folder, bundle = analysis.folder, analysis.bundle
    _refuse_shared_names(analysis, cohort, overwrite=overwrite)
    inputs = {
        "model_sha256": bundle.model_sha256,
        "preprocessing_sha256": digest(analysis.preprocessing),
        "locations": analysis.locations_source,
        "threshold": analysis.threshold,
    }
    claim_run(folder.path, "heatmap", analysis.settings, inputs, cohort, overwrite=overwrite)
    if overwrite:
        for path in (*folder.about_all, *folder.all_detections):
            path.unlink(missing_ok=True)
    write_text(folder.model, as_json(model_facts(bundle)))
