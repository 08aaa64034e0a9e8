"""What the commands of layer 3 say when they are done."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from common.cli import Result
from common.errors import ContractError
from common.failures import status_without_failed
from common.outcomes import exit_status, summary
from layer3_infer.evaluation.wording import lines_of
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.outcomes import Outcome
    from common.staging import Forecast as Copies
    from layer3_infer.explain.concept_pipeline import ConceptResult
    from layer3_infer.explain.sanity import Sanity
    from layer3_infer.merge import Merged
    from layer3_infer.pipeline import Forecast
    from layer3_infer.slide_result import SlideResult


def of_heatmaps(
    results: Sequence[SlideResult], kept: int, out: Path, *, merged: bool = True
) -> Result:
    """The outcome of a run over slides; `kept` of them were finished before.

    One that is `merged` gathered what is said of all slides.
    """
    whole = [result for result in results if result.parts == 1]
    waiting = [result for result in results if result.parts > 1]
    lines = [summary(whole, kept)] if whole or not waiting else []
    lines += [f"  {result.name}: {result.reason}" for result in waiting]
    lines += _scores(whole)
    lines += [f"  note {r.slide_id}: {warning}" for r in results for warning in r.warnings]
    if any(result.status != "failed" for result in results):
        verb = "report" if merged and not waiting else "merge"
        lines.append(f"heatmaps in {out}; next: layer3-infer {verb} {out}")
    data = {
        "out": str(out),
        "from_earlier_run": kept,
        "slides": [asdict(result) for result in results],
    }
    return Result("\n".join(lines), data, exit_status(results))


def of_merge(merged: Merged, out: Path) -> Result:
    """What a merged folder holds."""
    results = merged.results
    lines = [summary(results), *_scores(results)]
    if merged.others:
        lines.append(f"not in the cohort, and kept in the tables: {', '.join(merged.others)}")
    lines.append(f"next: layer3-infer report {out}")
    slides = [asdict(result) for result in results]
    data = {"out": str(out), "slides": slides, "not_in_cohort": merged.others}
    return Result("\n".join(lines), data, status_without_failed(results))


def _scores(results: Sequence[SlideResult]) -> list[str]:
    return [
        f"  {result.slide_id}: highest P(tumour) {probability(result.scores.maximum)} in "
        f"{result.scores.analysed} patches, {result.scores.area_above_mm2:.3g} mm2 above threshold"
        for result in results
        if result.status == "done"
    ]


def of_forecast(forecasts: Sequence[Forecast], copies: Copies | None = None) -> Result:
    """What a run would do, and copy to scratch."""
    todo = [one for one in forecasts if one.status == "to do"]
    patches = sum(one.patches for one in todo)
    lines = [f"{len(forecasts)} slides, {len(todo)} to do, {patches} patches to analyse"]
    lines += [
        f"  {one.status:9} {one.name}: {one.reason or f'{one.patches} patches'}"
        for one in forecasts
    ]
    data: dict[str, Any] = {"slides": [asdict(one) for one in forecasts]}
    if copies is not None:
        lines.append(copies.text("slides"))
        data["scratch"] = copies.data
    return Result("\n".join(lines), data)


def of_check(found: Mapping[Path, ContractError | None]) -> Result:
    """What is wrong with each file; the status is 4 if anything is."""
    lines = [str(error) if error else f"{path}: whole" for path, error in found.items()]
    data = {str(path): str(error) if error else "" for path, error in found.items()}
    status = ContractError.exit_status if any(found.values()) else 0
    return Result("\n".join(lines), {"files": data}, status)


def of_suggestions(outcomes: Sequence[Outcome], kept: int, out: Path) -> Result:
    """What was suggested, and what to do with it."""
    lines = [summary(outcomes, kept)]
    lines += [
        f"  {one.slide_id}: {one.counts['regions']} regions, {one.counts['uncertain']} uncertain"
        for one in outcomes
        if one.status == "done"
    ]
    lines.append(
        f"suggestions in {out}; correct the .geojson in QuPath or the .xml in ASAP, delete or "
        "rename what is Uncertain, and name the file as the slide's annotation for layer1-extract"
    )
    data = {
        "out": str(out),
        "from_earlier_run": kept,
        "slides": [asdict(outcome) for outcome in outcomes],
    }
    return Result("\n".join(lines), data, exit_status(outcomes))


def of_explanations(
    outcomes: Sequence[Outcome], out: Path, checks: Sequence[Sanity] = ()
) -> Result:
    """The outcome of explaining patches, and of trying the methods on random weights."""
    lines = [summary(outcomes), f"explanations in {out}"]
    lines += [f"  {EXPLAINERS[one.method].title}: {one.verdict}" for one in checks]
    data = {
        "out": str(out),
        "slides": [asdict(outcome) for outcome in outcomes],
        "sanity": [
            {"method": one.method, "passes": one.passes, "verdict": one.verdict} for one in checks
        ],
    }
    return Result("\n".join(lines), data, exit_status(outcomes))


def of_choice(outcomes: Sequence[Outcome]) -> Result:
    """Which patches would be explained."""
    data = {"slides": [asdict(outcome) for outcome in outcomes]}
    return Result(summary(outcomes), data, exit_status(outcomes))


def of_concepts(found: ConceptResult, out: Path) -> Result:
    """What was found about concepts."""
    kept = len(found.outcomes) if found.kept else 0
    lines = [summary(found.outcomes, kept), *found.facts["words"], f"concepts in {out}"]
    slides = [asdict(outcome) for outcome in found.outcomes]
    data = {"out": str(out), "slides": slides, **found.facts}
    return Result("\n".join(lines), data, exit_status(found.outcomes))


def of_evaluation(evaluation: dict[str, Any], results: Path) -> Result:
    """The main numbers, and what to know of them."""
    lines = [*lines_of(evaluation), f"written to {results / 'evaluation.json'}"]
    return Result("\n".join(lines), evaluation, evaluation["exit_status"])
