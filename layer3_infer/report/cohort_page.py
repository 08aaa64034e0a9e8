"""The page about the whole folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from common.provenance import software
from layer3_infer.report.metrics import metric_line, metric_rows
from layer3_infer.viewer.pictures import EmbeddedPicture, embed, read_picture, reduced
from layer3_infer.viewer.templates import standalone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layer3_infer.config import ReportSettings
    from layer3_infer.report.caution import Caution
    from layer3_infer.report.concept_section import ConceptSection
    from layer3_infer.report.names import Names
    from layer3_infer.report.recorded import Recorded
    from layer3_infer.slide_result import SlideResult

PICTURES: Final = (
    ("roc.png", "ROC curves of the comparison with annotations"),
    ("froc.png", "FROC curve: share of lesions found against false positives per slide"),
)
_RUN: Final = ("software", "python", "started", "host", "slurm_job", "locations", "config_sha256")
_NAMES_A_SITE: Final = frozenset({"host", "slurm_job"})
_STYLES: Final = ("viewer/page.css", "report/cohort.css")


@dataclass(frozen=True)
class Line:
    """What the table says of one slide.

    Attributes
    ----------
    result : SlideResult
    cautions : sequence of Caution
    thumbnail : EmbeddedPicture or None
    """

    result: SlideResult
    cautions: Sequence[Caution]
    thumbnail: EmbeddedPicture | None


def cohort_html(
    recorded: Recorded,
    lines: Sequence[Line],
    names: Names,
    settings: ReportSettings,
    *,
    pages: str,
    card: str = "",
    concepts: ConceptSection | None = None,
) -> str:
    """The page as HTML; `pages` is the folder of the slides' pages, as an address."""
    run = {key: recorded.run[key] for key in _RUN if recorded.run.get(key)}
    if names.hidden:
        run = {key: value for key, value in run.items() if key not in _NAMES_A_SITE}
    same = recorded.evaluation_is_of_this_model
    return standalone(
        "report/cohort.html",
        ("report/table.js", "viewer/problem.js"),
        _STYLES,
        title=settings.title,
        rows=[_row(line, recorded, names, pages) for line in lines],
        number_of_grave=sum(any(c.grave for c in line.cautions) for line in lines),
        missing=[names.of("slide", one) for one in recorded.missing],
        run=names.values(run),
        config=names.values(dict(recorded.config)),
        model=names.values(dict(recorded.model)),
        metric_line=metric_line,
        evaluation=_evaluation(recorded, names),
        evaluation_is_of_this_model=same,
        pictures=_curves(recorded, settings) if recorded.evaluation and same else [],
        predicted=bool(recorded.predictions),
        predictions_problem=names.text(recorded.predictions_problem),
        concepts=concepts,
        concept_head=names.values(list(concepts.head)) if concepts else (),
        concept_words=names.values(list(concepts.words)) if concepts else (),
        concept_rows=names.values([list(row) for row in concepts.rows]) if concepts else (),
        card=names.text(card),
        software=software(),
    )


def _row(line: Line, recorded: Recorded, names: Names, pages: str) -> dict[str, Any]:
    result = line.result
    return {
        "result": result,
        "name": names.of("slide", result.slide_id),
        "patient": names.of("patient", result.patient),
        "centre": names.of("centre", result.centre),
        "address": quote(f"{pages}/{names.page(result.slide_id)}"),
        "thumbnail": line.thumbnail,
        "tags": [c for c in line.cautions if c.short],
        "texts": [names.text(c.text) for c in line.cautions if not c.short and c.text],
        "prediction": names.told(recorded.predictions.get(result.slide_id, {})),
    }


def _evaluation(recorded: Recorded, names: Names) -> dict[str, Any]:
    """What the page says of the comparison; empty where there is none."""
    found: Mapping[str, Any] = recorded.evaluation
    if not found:
        return {}
    return {
        "rows": metric_rows(names.values(dict(found))),
        "staged": [
            {**one, "name": names.of("patient", patient)}
            for patient, one in recorded.staged.items()
        ],
        "over": found.get("intervals_over", ""),
        "between": (found.get("patches") or {}).get("left_out", 0),
        "trained_on": [names.text(str(one)) for one in found.get("trained_on", ())],
        "left_out": names.values(dict(found.get("left_out") or {})),
        "without": len(found.get("without_heatmap", ())),
    }


def _curves(recorded: Recorded, settings: ReportSettings) -> list[dict[str, Any]]:
    """The pictures that ``layer3-infer evaluate`` drew."""
    found = [(recorded.folder.path / name, alt) for name, alt in PICTURES]
    return [
        {"picture": embed(reduced(read_picture(path), settings.picture_width), ".png"), "alt": alt}
        for path, alt in found
        if path.exists()
    ]
