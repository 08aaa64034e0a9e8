"""Writing the pages about a folder of results: no other file, no network."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from common.errors import ConfigError
from common.files import writable, write_text
from common.model_bundle import CARD, read_bundle
from common.progress import progress
from layer3_infer.known_slides import read_entries
from layer3_infer.report.cohort_page import Line, cohort_html
from layer3_infer.report.concept_section import FOLDER as CONCEPTS
from layer3_infer.report.concept_section import concept_section
from layer3_infer.report.names import Names
from layer3_infer.report.recorded import Recorded
from layer3_infer.report.slide_page import slide_html, slide_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layer3_infer.config import ReportSettings

_OURS: Final = b'<meta name="generator" content="camnet report">'
_HEAD: Final = 600


@dataclass(frozen=True)
class ReportInputs:
    """What a report is made from and into, beside the results.

    Attributes
    ----------
    out : Path or None
        The page about the cohort; those about the slides go into the folder of its name beside it.
        None takes ``report.html`` in the results.
    model : Path or None
        A bundle, to show its model card.
    annotations : Path or None
        What is known of tumour, to draw it: see `layer3_infer.known_slides.read_entries`.
    concepts : Path or None
        What ``layer3-infer concepts`` wrote; None looks for ``concepts`` in the results.
    anonymise : bool
        Whether slides, patients and centres get pseudonyms.
    key : Path or None
        Where to write who is behind them. One that is there is continued.
    """

    out: Path | None = None
    model: Path | None = None
    annotations: Path | None = None
    concepts: Path | None = None
    anonymise: bool = False
    key: Path | None = None


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes
    ----------
    page : Path
        About the cohort.
    slides : tuple of Path
        About each slide.
    """

    page: Path
    slides: tuple[Path, ...]


def write_report(results: Path, settings: ReportSettings, inputs: ReportInputs) -> Report:
    """Write the pages about a folder that ``layer3-infer heatmap`` wrote.

    A page of an earlier report about a slide that is not in this one, or has another name in it, is
    removed.

    Raises
    ------
    ConfigError
        If there are no results, or an input does not fit them.
    """
    recorded = Recorded.of(results)
    target = inputs.out or recorded.folder.report
    pages = target.with_suffix("")
    _check(inputs, target, pages)
    card = _card(inputs.model, str(recorded.model.get("model_sha256", "")))
    model = str(recorded.run.get("model_sha256", ""))
    concepts = concept_section(inputs.concepts or results / CONCEPTS, model, settings.picture_width)
    entries = read_entries(inputs.annotations) if inputs.annotations else {}
    names = (
        Names.anonymous(recorded.results, recorded.other_slides, inputs.key, recorded.staged)
        if inputs.anonymise
        else Names()
    )
    if inputs.key:
        write_text(inputs.key, names.as_csv())
    home = quote(os.path.relpath(target, pages))
    lines, written = [], []
    for result in progress(recorded.results, "pages"):
        page = slide_page(recorded, result, settings, entries.get(result.slide_id))
        path = pages / names.page(result.slide_id)
        write_text(path, slide_html(page, recorded, names, home, settings))
        written.append(path)
        thumbnail = page.pictures.thumbnail if page.pictures else None
        lines.append(Line(result, page.cautions, thumbnail))
    _remove_others(pages, written)
    text = cohort_html(
        recorded, lines, names, settings, pages=pages.name, card=card, concepts=concepts
    )
    write_text(target, text)
    return Report(target, tuple(written))


def _check(inputs: ReportInputs, target: Path, pages: Path) -> None:
    if target.suffix != ".html":
        raise ConfigError(f"--out: expected a file that ends in .html, found {str(target)!r}")
    if inputs.key is None:
        return
    if not inputs.anonymise:
        raise ConfigError("--key: expected --anonymise with it, found none. Give both, or neither")
    if inputs.key.absolute().is_relative_to(pages.absolute()):
        raise ConfigError(
            f"--key: expected a place outside the report, found {inputs.key}. It says who is who"
        )


def _card(model: Path | None, wanted: str) -> str:
    """The model card of the bundle the heatmaps were made with; empty where none is given."""
    if model is None:
        return ""
    bundle = read_bundle(model)
    if bundle.model_sha256 != wanted:
        raise ConfigError(
            f"{model}: expected the model of these heatmaps, {wanted}, found {bundle.model_sha256}"
        )
    return (model / CARD).read_text(encoding="utf-8")


def _remove_others(pages: Path, written: Iterable[Path]) -> None:
    """Remove pages of an earlier report that this one has not: they would still tell of it."""
    kept = {path.name for path in written}
    for path in sorted(pages.glob("[!.]*.html")):
        if path.name in kept:
            continue
        with path.open("rb") as stream:
            ours = _OURS in stream.read(_HEAD)
        if ours:
            with writable(path), suppress(FileNotFoundError):
                path.unlink()
