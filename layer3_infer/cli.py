"""The commands of layer 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import FOLDER_PATH, INPUT_PATH, OUTPUT_PATH, Result, layer, run, verb
from layer3_infer.explainers import EXPLAINERS

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import (
        EvaluateSettings,
        ExplainSettings,
        HeatmapSettings,
        ReportSettings,
    )

cli = layer(
    "layer3-infer", "Layer 3 of CamNet: slides and a model to heatmaps, explanations and a report."
)
_MODEL = click.option(
    "--model", type=FOLDER_PATH, required=True, help="Model bundle that layer 2 wrote."
)
_OUT = click.option("--out", type=OUTPUT_PATH, required=True, help="Folder of the results.")
_HELD_OUT = click.option(
    "--held-out", is_flag=True, help="Only slides whose patient the model was not trained on."
)
_RESULTS = click.argument("results", metavar="DIR", type=FOLDER_PATH)


def main() -> None:
    """Console script `layer3-infer`."""
    run(cli)


@verb(cli, settings="layer3_infer.config:HeatmapSettings")
@click.argument("slides", type=INPUT_PATH)
@_MODEL
@_OUT
@_HELD_OUT
@click.option("--patches", type=FOLDER_PATH, help="Layer 1's patch files, to say where to look.")
@click.option("--mpp", type=float, help="Scale of slides that do not say theirs, um/px.")
@click.option("--shard", default="0/1", help="This task's share of the slides, index/count.")
@click.option("--workers", type=click.IntRange(1), help="Threads that read pixels [one per CPU].")
@click.option("--overwrite", is_flag=True, help="Replace finished results.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; read thumbnails only.")
def heatmap(
    slides: Path,
    model: Path,
    out: Path,
    held_out: bool,
    patches: Path | None,
    mpp: float | None,
    shard: str,
    workers: int | None,
    overwrite: bool,
    dry_run: bool,
    settings: HeatmapSettings,
) -> Result:
    """Turn slides into heatmaps of tumour probability.

    SLIDES is a slide, a folder of slides, or a cohort CSV. Results a former run finished are kept.
    """
    from common.cluster import Shard, available_cpus
    from common.cohort import read_cohort
    from common.model_bundle import read_bundle
    from layer3_infer import said
    from layer3_infer.analysis import Analysis
    from layer3_infer.held_out import held_out_entries
    from layer3_infer.locations import find_by_slide
    from layer3_infer.pipeline import forecast
    from layer3_infer.pipeline import run as run_heatmaps
    from layer3_infer.results_folder import ResultsFolder

    bundle = read_bundle(model)
    entries = read_cohort(slides, mpp)
    if held_out:
        entries = held_out_entries(entries, bundle.manifest)
    analysis = Analysis(
        bundle,
        settings,
        ResultsFolder(out),
        None if patches is None else find_by_slide(patches),
        workers or available_cpus(),
    )
    mine = Shard.parse(shard).of(entries)
    if dry_run:
        return said.of_forecast(forecast(analysis, mine))
    cohort = [entry.slide_id for entry in entries]
    return said.of_heatmaps(*run_heatmaps(analysis, mine, cohort, overwrite=overwrite), out)


@verb(cli, settings="layer3_infer.config:ExplainSettings")
@_MODEL
@click.option("--patches", type=FOLDER_PATH, required=True, help="Patch files with pixels.")
@_OUT
@click.option("--method", type=click.Choice(list(EXPLAINERS)), help="Overrides the setting.")
@click.option("--top", type=click.IntRange(1), help="Patches per slide; overrides the setting.")
@click.option("--slide", "slides", multiple=True, help="Only this slide id; may be repeated.")
@_HELD_OUT
@click.option("--overwrite", is_flag=True, help="Replace finished results.")
def explain(
    model: Path,
    patches: Path,
    out: Path,
    method: str | None,
    top: int | None,
    slides: tuple[str, ...],
    held_out: bool,
    overwrite: bool,
    settings: ExplainSettings,
) -> Result:
    """Show what in a patch speaks for tumour, for the most suspect patches of each slide."""
    from common.config import with_values
    from common.model_bundle import read_bundle
    from layer3_infer import said
    from layer3_infer.explain.pipeline import explain_slides, wanted_files
    from layer3_infer.held_out import held_out_files

    given = {"method": method, "top": top}
    settings = with_values(settings, {k: v for k, v in given.items() if v is not None})
    bundle = read_bundle(model)
    files = wanted_files(patches, slides)
    if held_out:
        files = held_out_files(files, bundle.manifest)
    results = explain_slides(bundle, files, out, settings, overwrite=overwrite)
    return said.of_explanations(results, out)


@verb(cli, settings="layer3_infer.config:EvaluateSettings")
@_RESULTS
@click.option(
    "--annotations",
    type=INPUT_PATH,
    required=True,
    help="What is known: the cohort's folder or CSV, or a folder of annotations.",
)
def evaluate(results: Path, annotations: Path, settings: EvaluateSettings) -> Result:
    """Compare the heatmaps in DIR with annotations; writes DIR/evaluation.json."""
    from layer3_infer import said
    from layer3_infer.evaluation import evaluate_folder

    return said.of_evaluation(evaluate_folder(results, annotations, settings), results)


@verb(cli, settings="layer3_infer.config:ReportSettings")
@_RESULTS
@click.option("--out", type=OUTPUT_PATH, help="The page [default: DIR/report.html].")
@click.option("--model", type=FOLDER_PATH, help="Model bundle whose model card to include.")
def report(results: Path, out: Path | None, model: Path | None, settings: ReportSettings) -> Result:
    """Write one self-contained HTML page about the results in DIR."""
    from layer3_infer.report import write_report

    page = write_report(results, settings, out=out, model=model)
    size = page.stat().st_size
    return Result(f"{page} ({size / 1e6:.1f} MB)", {"report": str(page), "bytes": size})
