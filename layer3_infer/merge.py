"""A folder of results, verified to hold every slide of its cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import ConfigError, ContractError
from common.failures import refuse_many_failed
from common.files import look_anew, sha256
from common.outcomes import FOLDER as OUTCOMES
from layer3_infer import heatmap_file
from layer3_infer.answer_store import AnswerStore
from layer3_infer.pipeline import write_tables
from layer3_infer.result_changes import note_same, result_changes
from layer3_infer.run_claim import RUN, read_run
from layer3_infer.slide_result import OTHERS, read_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from common.cohort import SlideEntry
    from layer3_infer.results_folder import ResultsFolder
    from layer3_infer.slide_result import SlideResult

_ADVICE = "Run the same heatmap command again for what is missing, then merge"
_OUT_OF_REACH = (
    ". What is out of reach is not mounted or not readable on that host, or not where the cohort "
    "says: mend that, or take it out of the cohort (--cohort)"
)


@dataclass(frozen=True)
class Merged:
    """What a folder was found to hold.

    Attributes
    ----------
    results : list of SlideResult
        Of the slides that should be there.
    others : list of str
        Slides that have a result besides.
    """

    results: list[SlideResult]
    others: list[str]


def merge(
    folder: ResultsFolder,
    cohort: Iterable[SlideEntry] | None = None,
    *,
    max_failed: float = 1.0,
) -> Merged:
    """Make sure that every slide of the cohort is there, and gather what is said of them.

    A slide that failed is known of: it is reported, and the others are merged. Of one that a host
    could not get at nothing is known.

    Parameters
    ----------
    folder : ResultsFolder
    cohort : iterable of SlideEntry or None
        The slides that should be there; None takes what the runs were given. Results of others are
        not looked at, and stay in the tables.
    max_failed : float
        Share of the slides that may have failed, 0 to 1; one always may.

    Raises
    ------
    ConfigError
        If there was no run in this folder.
    ContractError
        Naming every slide that is missing, unfinished, out of reach, another by now, or not what
        its outcome speaks of; or those that failed, where they are too many. The tables were
        written anew before, so that a report can show these.
    """
    run = read_run(folder.path)
    if not run.get("slides"):
        found = "none. Run layer3-infer heatmap first"
        raise ConfigError(f"{folder.path}: expected {RUN} of a run over slides, found {found}")
    entries = None if cohort is None else {entry.slide_id: entry for entry in cohort}
    wanted = sorted(run["slides"] if entries is None else entries)
    look_anew(folder.path / OUTCOMES)
    results = write_tables(folder)
    problems = {slide_id: _problem(folder, slide_id, run) for slide_id in wanted}
    problems |= _changed(folder.path, results, entries or {})
    lines = [f"{slide_id} {said}" for slide_id, said in problems.items() if said]
    if lines:
        whole = f"all {len(problems)} slides of the cohort, finished"
        away = any(one.slide_id in problems and one.out_of_reach for one in results)
        advice = _ADVICE + (_OUT_OF_REACH if away else "")
        raise ContractError(folder.path, "slides", whole, "; ".join(lines), advice)
    found = [result for result in results if result.slide_id in problems]
    failed = {result.slide_id: result.reason for result in found if result.status == "failed"}
    refuse_many_failed(folder.path, failed, len(problems), max_failed, "layer3-infer heatmap")
    others = [result.slide_id for result in results if result.slide_id not in problems]
    return Merged(found, others)


def _problem(folder: ResultsFolder, slide_id: str, run: Mapping[str, Any]) -> str:
    """What is wrong with the results of a slide; empty where they are whole, or it failed."""
    try:
        result = read_result(folder.path, slide_id)
        if result is None:
            begun = AnswerStore(folder.unfinished, slide_id, key="").begun
            return "is unfinished" if begun else "is missing"
        if result.out_of_reach:
            return f"was out of reach of {result.out_of_reach}: {result.reason}"
        if result.status == "failed":
            return ""
        if not result.made_by(run):
            return f"was {OTHERS}"
        heatmap_file.check(folder.heatmap(slide_id))
    except ContractError as error:
        return f"is damaged ({error})"
    if result.inputs.get("heatmap_sha256") != sha256(folder.heatmap(slide_id)):
        return "has a heatmap that its outcome does not speak of"
    lost = [path.name for path in folder.of_slide(slide_id) if not path.exists()]
    return f"lacks {', '.join(lost)}" if lost else ""


def _changed(
    folder: Path, results: Iterable[SlideResult], entries: Mapping[str, SlideEntry]
) -> dict[str, str]:
    """What is said of results that are of other files, or other words, than those of the cohort.

    A slide that is out of reach here tells nothing. What is another by its time alone is noted, so
    that no later plan looks into it again.
    """
    found: dict[str, str] = {}
    for result in results:
        if result.status == "failed" or (entry := entries.get(result.slide_id)) is None:
            continue
        if changes := result_changes(entry, result, folder):
            said = f"has another {', '.join(changes)} by now than its result is of"
            found[result.slide_id] = said
        else:
            note_same(folder, entry, result)
    return found
