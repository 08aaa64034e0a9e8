"""One HTML page about a folder of results, for a pathologist: no other file, no network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from common.errors import ConfigError
from common.files import write_text
from common.model_bundle import CARD, read_bundle
from common.provenance import software
from common.run_folder import RESOLVED
from layer3_infer.embedding import EmbeddedPicture, embed
from layer3_infer.explain.explanation import METHOD_NAMES
from layer3_infer.explain.explanation_file import file_name, read_explanations
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import read_results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layer3_infer.config import ReportSettings
    from layer3_infer.explain.explanation import Explanation
    from layer3_infer.slide_result import SlideResult

EXPLANATIONS: Final = "explanations"
TOP_PATCHES: Final = 6
_TEMPLATE: Final = "report.html"


@dataclass(frozen=True)
class ExplainedPatches:
    """The explanations of one slide by one method.

    Attributes
    ----------
    method : str
        As people call it.
    sheet : EmbeddedPicture
    explanations : sequence of Explanation
    other_model : bool
        Whether another model than that of the heatmaps is explained.
    """

    method: str
    sheet: EmbeddedPicture
    explanations: Sequence[Explanation]
    other_model: bool


@dataclass(frozen=True)
class SlideSection:
    """What the page shows of one slide.

    Attributes
    ----------
    result : SlideResult
    picture, overlay : EmbeddedPicture or None
        None where the slide failed.
    top : sequence of (x, y, probability)
        Patches of highest probability, corners in level-0 px.
    explained : sequence of ExplainedPatches
    files : sequence of str
        Names of the files beside the page.
    """

    result: SlideResult
    picture: EmbeddedPicture | None = None
    overlay: EmbeddedPicture | None = None
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
    page = _environment().get_template(_TEMPLATE)
    text = page.render(
        title=settings.title,
        run=run,
        model=facts,
        card=_card(model, facts),
        config=_config(results),
        results=recorded,
        missing=sorted(set(run.get("slides", ())) - {result.slide_id for result in recorded}),
        sections=[_section(folder, result, facts, settings) for result in recorded],
        evaluation=_read_json(folder.evaluation),
        software=software(),
    )
    target = out or folder.report
    write_text(target, text)
    return target


def _section(
    folder: ResultsFolder, result: SlideResult, facts: Mapping[str, Any], settings: ReportSettings
) -> SlideSection:
    if result.status == "failed":
        return SlideSection(result)
    slide_id, width, quality = result.slide_id, settings.picture_width, settings.jpeg_quality
    xy, scores = read_heatmap(folder.heatmap(slide_id)).heatmap.top(TOP_PATCHES)
    return SlideSection(
        result,
        picture=embed(folder.picture(slide_id), width // 2, quality),
        overlay=embed(folder.overlay(slide_id), width, quality),
        top=[(x, y, float(p)) for (x, y), p in zip(xy.tolist(), scores, strict=True)],
        explained=list(_explained(folder.path, slide_id, facts, settings)),
        files=[path.name for path in folder.of_slide(slide_id)],
    )


def _explained(
    folder: Path, slide_id: str, facts: Mapping[str, Any], settings: ReportSettings
) -> list[ExplainedPatches]:
    """Explanations beside the heatmaps, or in the folder ``explanations``."""
    found = []
    for method, called in METHOD_NAMES.items():
        name = file_name(slide_id, method)
        paths = [place / name for place in (folder, folder / EXPLANATIONS)]
        for path in (path for path in paths if path.exists()):
            explained = read_explanations(path)
            sheet = embed(path.with_suffix(".png"), settings.picture_width, settings.jpeg_quality)
            other = explained.header.model_sha256 != facts.get("model_sha256")
            found.append(ExplainedPatches(called, sheet, explained.explanations, other))
    return found


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
    return environment


def _number(value: float | None, digits: int = 3) -> str:
    """A number for a person; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"  # noqa: RUF001
