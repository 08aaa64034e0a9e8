"""Commands that show results: pages to keep, and a viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import FOLDER_PATH, INPUT_PATH, OUTPUT_PATH, Result, verb
from layer3_infer.cli.program import RESULTS, cli

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import ReportSettings, ViewSettings


@verb(cli, settings="layer3_infer.config:ReportSettings")
@RESULTS
@click.option("--out", type=OUTPUT_PATH, help="The page [default: DIR/report.html].")
@click.option("--model", type=FOLDER_PATH, help="Model bundle whose model card to include.")
@click.option("--annotations", type=INPUT_PATH, help="Known tumour to draw, as for evaluate.")
@click.option("--concepts", type=FOLDER_PATH, help="What concepts wrote [default: DIR/concepts].")
@click.option("--anonymise", is_flag=True, help="Pseudonyms for slides, patients and centres.")
@click.option("--key", type=OUTPUT_PATH, help="CSV to write who is behind the pseudonyms.")
def report(
    results: Path,
    out: Path | None,
    model: Path | None,
    annotations: Path | None,
    concepts: Path | None,
    anonymise: bool,
    key: Path | None,
    settings: ReportSettings,
) -> Result:
    """Write a page about the results in DIR, and one about each slide; they need no network."""
    from layer3_infer.report import ReportInputs, write_report
    from layer3_infer.report.said import of_report

    inputs = ReportInputs(out, model, annotations, concepts, anonymise, key)
    return of_report(write_report(results, settings, inputs))


@verb(cli, settings="layer3_infer.config:ViewSettings")
@RESULTS
@click.option("--slides", type=INPUT_PATH, help="The slides [else their stored pictures].")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 takes a free one.")
@click.option("--open", "in_browser", is_flag=True, help="Open the page in the browser.")
def view(
    results: Path, slides: Path | None, port: int, in_browser: bool, settings: ViewSettings
) -> Result:
    """Show the slides in DIR in a browser of this machine, with heatmaps to zoom into.

    Serves on the loopback interface alone, until interrupted.
    """
    from layer3_infer.viewer.serving import serve
    from layer3_infer.viewer.table import SlideTable

    table = SlideTable.of(results, slides, settings)
    return serve(table, port, lambda address: _announce(address, in_browser=in_browser))


def _announce(address: str, *, in_browser: bool) -> None:
    import webbrowser

    click.echo(f"{address}\nCtrl-C ends it")
    if in_browser:
        webbrowser.open(address)
