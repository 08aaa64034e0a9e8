"""An evaluation in a few lines, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer3_infer.evaluation.stage_summary import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layer3_infer.evaluation.bootstrap import Estimate


def lines_of(evaluation: Mapping[str, Any]) -> list[str]:
    """The main numbers, and what to know of them."""
    return [*_numbers(evaluation), *_remarks(evaluation)]


def _numbers(evaluation: Mapping[str, Any]) -> Iterator[str]:
    over = evaluation["intervals_over"]
    patches, slides, froc = evaluation["patches"], evaluation["slides"], evaluation["froc"]
    yield (
        f"patches: AUC {worded(patches['auc'], over)}; {patches['tumor']} tumour, "
        f"{patches['normal']} normal, {patches['left_out']} between the two left out"
    )
    yield _slides("slides", slides, over)
    if "slide_predictions" in evaluation:
        yield _slides("slides, by the slide model", evaluation["slide_predictions"], over)
    yield (
        f"lesions: FROC score {worded(froc['score'], over)}; {froc['lesions']} lesions on "
        f"{froc['slides']} slides, {froc['itc']} of isolated tumour cells left out"
    )
    if froc["score"]["value"] is not None:
        at = (f"{found['value']:.3f} at {rate}" for rate, found in froc["sensitivity"].items())
        yield f"  sensitivity {', '.join(at)} false positives per slide"
    stages, classes = evaluation["stages"], evaluation["classes"]
    yield (
        f"stages: quadratic kappa {worded(stages['kappa'], over)}; "
        f"{len(stages['by_patient'])} patients, as {stages['said_by']} say"
    )
    yield f"slide classes: quadratic kappa {worded(classes['kappa'], over)}"


def _slides(name: str, found: Mapping[str, Any], over: str) -> str:
    return (
        f"{name}: AUC {worded(found['auc'], over)}; {found['positive']} positive, "
        f"{found['negative']} negative"
    )


def _remarks(evaluation: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"  left out {slide}: {why}" for slide, why in evaluation["left_out"].items())
    for slide, why in evaluation["froc"]["left_out"].items():
        if slide not in evaluation["left_out"]:
            yield f"  left out of FROC {slide}: {why}"
    stages = evaluation["stages"]
    silent = [patient for patient, why in stages["left_out"].items() if why == SILENT]
    for patient, why in stages["left_out"].items():
        if why != SILENT:
            yield f"  not staged {patient}: {why}"
    if silent:
        yield f"  not staged, for nothing is said of their slides: {len(silent)} patients"
    if nobody := stages.get("without_patient"):
        yield f"  not staged, for no patient is known: {len(nobody)} slides"
    if stages["not_five_slides"]:
        count = len(stages["not_five_slides"])
        yield f"  staged from other than CAMELYON17's five slides: {count} patients"
    if without := len(evaluation["without_heatmap"]):
        yield f"  slides of the cohort without a heatmap: {without}"
    elif unsaid := len(evaluation["without_answer"]):
        yield f"  slides of the cohort of which nothing is said: {unsaid}"
    if evaluation["trained_on"]:
        names = ", ".join(evaluation["trained_on"])
        yield f"  flattering: the model was trained or chosen on {names}"


def worded(found: Estimate, over: str) -> str:
    """A number with its interval, or why there is none."""
    if found["value"] is None:
        return f"not defined ({found['reason']})"
    if found["low"] is None:
        return f"{found['value']:.3f} ({found['reason']})"
    low, high = found["low"], found["high"]
    return f"{found['value']:.3f} (95 % interval {low:.3f} to {high:.3f}, over {over})"
