"""Which heatmaps ``slide_predictions.csv`` was made from: ``slide_predictions.json`` beside it.

A table that outlives its heatmaps would be taken for what a slide model says of those there now.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from common.files import sha256, write_text
from common.provenance import software
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import MADE_WITH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from layer3_infer.results_folder import ResultsFolder
    from layer3_infer.slide_result import SlideResult

_HEATMAP: Final = "heatmap_sha256"
_TABLE: Final = "table_sha256"
log = logging.getLogger(__name__)


def write_record(
    folder: ResultsFolder, results: Iterable[SlideResult], slide_model_sha256: str
) -> None:
    """Record what the table in a folder, just written, was made from.

    Parameters
    ----------
    folder : ResultsFolder
    results : iterable of SlideResult
        Of every slide, as it was when the table was made.
    slide_model_sha256 : str
    """
    run = read_run(folder.path)
    record = {
        "software": software(),
        "slide_model_sha256": slide_model_sha256,
        _TABLE: sha256(folder.slide_predictions),
        **{key: run.get(key, "") for key in MADE_WITH},
        "slides": _slides(results),
    }
    text = json.dumps(record, indent=2, allow_nan=False, ensure_ascii=False)
    write_text(folder.slide_predictions_record, text + "\n")


def misfit(folder: ResultsFolder, run: Mapping[str, Any], results: Sequence[SlideResult]) -> str:
    """Why the table in a folder is not of the results in it, told in the log, too.

    Parameters
    ----------
    folder : ResultsFolder
    run : mapping
        The record of the latest run in it.
    results : sequence of SlideResult
        Of every slide.

    Returns
    -------
    str
        Empty where it is of them, or is not there.
    """
    said = _misfit(folder, run, results) if folder.slide_predictions.exists() else ""
    if said:
        advice = "Run layer3-infer slide-model apply again"
        log.warning("%s is ignored: %s. %s", folder.slide_predictions, said, advice)
    return said


def _misfit(folder: ResultsFolder, run: Mapping[str, Any], results: Sequence[SlideResult]) -> str:
    record = _read(folder)
    if not record:
        return f"no {folder.slide_predictions_record.name} says which heatmaps it was made from"
    if record.get(_TABLE) != sha256(folder.slide_predictions):
        return "it is not as layer3-infer slide-model apply wrote it"
    if any(record.get(key) != run.get(key, "") for key in MADE_WITH):
        return "it was made from heatmaps of another model or configuration"
    before, now = record.get("slides"), _slides(results)
    return "" if before == now else _difference(before, now)


def _slides(results: Iterable[SlideResult]) -> dict[str, dict[str, str]]:
    """What a prediction follows from; a slide that failed has no heatmap."""
    return {
        result.slide_id: {"patient": result.patient, _HEATMAP: result.inputs.get(_HEATMAP, "")}
        for result in results
    }


def _difference(before: Any, now: Mapping[str, Any]) -> str:
    if not isinstance(before, dict):
        return "its record names no slides"
    changed = sorted(slide for slide in now if slide in before and before[slide] != now[slide])
    if changed:
        return f"the heatmap or the patient of {changed[0]} is another now"
    added = sorted(set(now) - set(before))
    return f"it says nothing of {added[0]}" if added else "slides it tells of have no result now"


def _read(folder: ResultsFolder) -> dict[str, Any]:
    try:
        record = json.loads(folder.slide_predictions_record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
