"""One HTML page about a folder of results, for a pathologist: no other file, no network."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from common.errors import ConfigError, ContractError
from common.files import write_text
from common.model_bundle import CARD, read_bundle
from common.provenance import software
from common.run_folder import RESOLVED
from layer3_infer.embedding import EmbeddedPicture, embed
from layer3_infer.explain.explanation_file import file_name, read_explanations
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import MADE_WITH, read_results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layer3_infer.config import ReportSettings
    from layer3_infer.slide_result import SlideResult

EXPLANATIONS: Final = "explanations"
TOP_PATCHES: Final = 6
_TEMPLATE: Final = "report.html"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExplainedPatches:
    """The explanations of one slide by one method.

    Attributes
    ----------
    method : str
        As people call it.
    sheet : EmbeddedPicture or None
        None where it is missing, or the explanations are.
    explained, candidates : int
        How many patches are explained, and of how many; 0 where not known.
    other_model : bool
        Whether another model than that of the heatmaps is explained.
    """

    method: str
    sheet: EmbeddedPicture | None = None
    explained: int = 0
    candidates: int = 0
    other_model: bool = False


@dataclass(frozen=True)
class SlideSection:
    """What the page shows of one slide.

    Attributes
    ----------
    result : SlideResult
    incomplete : str
        Why there is nothing to show of a slide that did not fail; empty where there is.
    picture, overlay, top_picture : EmbeddedPicture or None
        None where the slide failed, or its results are incomplete.
    top : sequence of (x, y, probability)
        Patches of highest probability, corners in level-0 px.
    explained : sequence of ExplainedPatches
    files : sequence of str
        Names of the files beside the page.
    """

    result: SlideResult
    incomplete: str = ""
    picture: EmbeddedPicture | None = None
    overlay: EmbeddedPicture | None = None
    top_picture: EmbeddedPicture | None = None
    top: Sequence[tuple[int, int, float]] = ()
    explained: Sequence[ExplainedPatches] = ()
    files: Sequence[str] = ()


def write_report(
    results: Path, settings: ReportSettings, *, out: Path | None = None, model: Path | None = None
) -> Path:
    """Write the page about a folder that ``layer3-infer heatmap`` wrote, and return its path.

    Parameters
    ----------
    results : Path
    settings : ReportSettings
    out : Path or None
        None writes ``report.html`` in `results`.
    model : Path or None
        A bundle, to show its model card.

    Raises
    ------
    ConfigError
        If there are no results.
    """
    folder = ResultsFolder(results)
    recorded = read_results(results)
    if not recorded:
        raise ConfigError(
            f"{results}: expected results of layer3-infer heatmap, found none. Run it first"
        )
    run, facts = read_run(results), _read_json(folder.model)
    evaluation = _read_json(folder.evaluation)
    page = _environment().get_template(_TEMPLATE)
    text = page.render(
        title=settings.title,
        run=run,
        model=facts,
        card=_card(model, facts),
        config=_config(results),
        results=recorded,
        missing=sorted(set(run.get("slides", ())) - {result.slide_id for result in recorded}),
        sections=[_section(folder, result, run, settings) for result in recorded],
        evaluation=evaluation,
        evaluation_is_of_this_model=all(
            key in evaluation and evaluation[key] == run.get(key) for key in MADE_WITH
        ),
        software=software(),
    )
    target = out or folder.report
    write_text(target, text)
    return target


def _section(
    folder: ResultsFolder, result: SlideResult, run: Mapping[str, Any], settings: ReportSettings
) -> SlideSection:
    if result.status == "failed":
        return SlideSection(result)
    if not result.made_by(run):
        return SlideSection(result, incomplete="made with another model or configuration")
    try:
        return _whole_section(folder, result, run, settings)
    except ContractError as error:
        return SlideSection(result, incomplete=str(error))


def _whole_section(
    folder: ResultsFolder, result: SlideResult, run: Mapping[str, Any], settings: ReportSettings
) -> SlideSection:
    """What the page shows of a slide whose files are all there.

    Raises
    ------
    ContractError
        If one is not, or cannot be read.
    """
    slide_id, width, quality = result.slide_id, settings.picture_width, settings.jpeg_quality
    xy, scores = read_heatmap(folder.heatmap(slide_id)).heatmap.top(TOP_PATCHES)
    return SlideSection(
        result,
        picture=embed(folder.picture(slide_id), width // 2, quality),
        overlay=embed(folder.overlay(slide_id), width, quality),
        top_picture=embed(folder.top(slide_id), width, quality),
        top=[(x, y, float(p)) for (x, y), p in zip(xy.tolist(), scores, strict=True)],
        explained=list(_explained(folder.path, slide_id, run, settings)),
        files=[path.name for path in folder.of_slide(slide_id)],
    )


def _explained(
    folder: Path, slide_id: str, run: Mapping[str, Any], settings: ReportSettings
) -> list[ExplainedPatches]:
    """Explanations beside the heatmaps, or in the folder ``explanations``."""
    found = []
    for method, explainer in EXPLAINERS.items():
        name = file_name(slide_id, method)
        paths = [place / name for place in (folder, folder / EXPLANATIONS)]
        found += [
            _explained_patches(path, explainer.title, run, settings)
            for path in paths
            if path.exists()
        ]
    return found


def _explained_patches(
    path: Path, title: str, run: Mapping[str, Any], settings: ReportSettings
) -> ExplainedPatches:
    try:
        found = read_explanations(path)
        sheet = embed(path.with_suffix(".png"), settings.picture_width, settings.jpeg_quality)
    except ContractError as error:
        log.warning("explanations are incomplete, run explain again: %s", error)
        return ExplainedPatches(title)
    other = found.header.model_sha256 != run.get("model_sha256")
    return ExplainedPatches(
        title, sheet, len(found.explanations), found.header.candidates, other_model=other
    )


def _card(model: Path | None, facts: Mapping[str, Any]) -> str:
    """The model card of the bundle the heatmaps were made with; empty where none is given."""
    if model is None:
        return ""
    bundle = read_bundle(model)
    if bundle.model_sha256 != facts.get("model_sha256"):
        raise ConfigError(
            f"{model}: expected the model of these heatmaps, {facts.get('model_sha256')}, "
            f"found {bundle.model_sha256}"
        )
    return (model / CARD).read_text(encoding="utf-8")


def _config(folder: Path) -> dict[str, Any]:
    """The dotted keys and values of the resolved settings."""
    path = folder / RESOLVED
    return _flat(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        inner = _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else None
        flat |= {f"{prefix}{key}": value} if inner is None else inner
    return flat


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, found: {error}. Run the command anew") from error
    return values if isinstance(values, dict) else {}


def _environment() -> Environment:
    """Templates that escape everything they are given: a slide's name is data, never HTML."""
    environment = Environment(
        loader=PackageLoader("layer3_infer", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["metrics"] = _metrics
    return environment


def _metrics(metrics: Mapping[str, Any]) -> str:
    """The numbers of one split for a person: how many patches, then each metric that is defined.

    Examples
    --------
    >>> _metrics({"n": 8, "auc": {"value": 0.9, "low": 0.8, "high": 1.0}, "threshold": 0.5})
    'n 8; auc 0.900 (0.800 to 1.000)'
    """
    parts = [f"n {metrics['n']}"] if "n" in metrics else []
    for name, metric in metrics.items():
        if isinstance(metric, dict) and metric.get("value") is not None:
            low, high = metric.get("low"), metric.get("high")
            known = low is not None and high is not None
            interval = f" ({_number(low)} to {_number(high)})" if known else ""
            parts.append(f"{name} {_number(metric['value'])}{interval}")
    return "; ".join(parts)


def _number(value: float | None, digits: int = 3) -> str:
    """A number for a person; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"  # noqa: RUF001
