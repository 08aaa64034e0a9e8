"""A cohort to a folder of heatmaps: resume, go on past a slide that fails, record every outcome."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.config import digest
from common.errors import ContractError, SlideError
from common.files import write_text
from common.outcomes import attempt, write_outcome
from common.provenance import log_head
from layer3_infer.analysis import open_slide
from layer3_infer.model_facts import as_json, model_facts
from layer3_infer.run_claim import claim_run
from layer3_infer.slide_result import SlideResult, as_csv, read_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.cohort import SlideEntry
    from layer3_infer.analysis import Analysis

log = logging.getLogger(__name__)


def run(
    analysis: Analysis,
    entries: Sequence[SlideEntry],
    cohort: Sequence[str],
    *,
    overwrite: bool = False,
) -> tuple[list[SlideResult], int]:
    """Analyse each slide; those an earlier run finished are kept.

    Parameters
    ----------
    analysis : Analysis
    entries : sequence of SlideEntry
        This task's share.
    cohort : sequence of str
        The ids of all slides, whichever task has them.
    overwrite : bool
        Do finished slides anew, and replace results of another model or configuration.

    Returns
    -------
    results : list of SlideResult
        One per slide, in the order of `entries`.
    kept : int
        How many were finished before.
    """
    _claim(analysis, cohort, overwrite=overwrite)
    log.info(log_head(digest(analysis.settings)))
    finished = {} if overwrite else finished_results(analysis, entries)
    folder = analysis.folder
    results = [
        finished.get(entry.slide_id) or _analyse(analysis, entry, overwrite=overwrite)
        for entry in entries
    ]
    write_text(folder.slides, as_csv(read_results(folder.path)))
    return results, len(finished)


def finished_results(analysis: Analysis, entries: Sequence[SlideEntry]) -> dict[str, SlideResult]:
    """Results of the slides an earlier run finished, by slide id."""
    found = {entry.slide_id: analysis.finished(entry) for entry in entries}
    return {slide_id: result for slide_id, result in found.items() if result is not None}


@dataclass(frozen=True)
class Forecast:
    """What a run would do with one slide.

    Attributes
    ----------
    slide_id, status : str
        ``finished``, ``to do`` or ``fails``.
    patches : int
        To be analysed.
    reason : str
    """

    slide_id: str
    status: str
    patches: int = 0
    reason: str = ""


def forecast(analysis: Analysis, entries: Sequence[SlideEntry]) -> list[Forecast]:
    """What `run` would do, reading thumbnails only and writing nothing."""
    return [_forecast(analysis, entry) for entry in entries]


def _forecast(analysis: Analysis, entry: SlideEntry) -> Forecast:
    if analysis.finished(entry) is not None:
        return Forecast(entry.slide_id, "finished")
    try:
        slide = open_slide(entry)
        slide.spec_for(analysis.bundle.manifest.spec)
        locations = analysis.locations(slide)
    except (SlideError, ContractError) as error:
        return Forecast(entry.slide_id, "fails", reason=str(error))
    return Forecast(entry.slide_id, "to do", len(locations.xy), locations.reason)


def _analyse(analysis: Analysis, entry: SlideEntry, *, overwrite: bool) -> SlideResult:
    outcome = attempt(entry.slide_id, lambda: analysis.analyse(entry, overwrite=overwrite))
    result = SlideResult.of(outcome, entry)
    if result.status == "failed":
        log.error("%s", result.reason)
    write_outcome(analysis.folder.path, result)
    return result


def _claim(analysis: Analysis, cohort: Sequence[str], *, overwrite: bool) -> None:
    folder, bundle = analysis.folder, analysis.bundle
    inputs = {
        "model_sha256": bundle.model_sha256,
        "preprocessing_sha256": digest(bundle.manifest.preprocessing),
        "locations": analysis.locations_source,
    }
    claim_run(folder.path, "heatmap", analysis.settings, inputs, cohort, overwrite=overwrite)
    if overwrite:
        folder.evaluation.unlink(missing_ok=True)
    write_text(folder.model, as_json(model_facts(bundle)))
