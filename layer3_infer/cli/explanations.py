"""Commands that show what a model's answers come from: pixels, and concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from common.cli import FILE_PATH, FOLDER_PATH, INPUT_PATH, Result, overridden, verb
from layer3_infer.cli.program import HELD_OUT, MODEL, MPP, OUT, OVERWRITE, cli
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.place import PLACE

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import ConceptsSettings, ExplainSettings


@verb(
    cli,
    settings="layer3_infer.config:ExplainSettings",
    overrides=overridden(methods="methods", choose="choose", top="top", places="at", rows="rows"),
    says_where=True,
)
@MODEL
@click.option("--patches", type=FOLDER_PATH, help="Patch files with pixels.")
@click.option("--slides", "cohort", type=INPUT_PATH, help="Or: slides, with --heatmaps.")
@click.option("--heatmaps", type=FOLDER_PATH, help="Folder that heatmap wrote, with --slides.")
@OUT
@click.option(
    "--method",
    "methods",
    type=click.Choice(list(EXPLAINERS)),
    multiple=True,
    help="Overrides the setting; may be repeated, and then the maps stand side by side.",
)
@click.option("--choose", type=click.Choice(["top", "uncertain"]), help="Overrides the setting.")
@click.option("--top", type=click.IntRange(1), help="Patches per slide; overrides the setting.")
@click.option("--slide", "slides", multiple=True, help="Only this slide id; may be repeated.")
@click.option(
    "--at",
    "places",
    type=PLACE,
    multiple=True,
    metavar="X,Y",
    help="The patch at this place of the one slide, level-0 px; may be repeated.",
)
@click.option(
    "--row",
    "rows",
    type=click.IntRange(0),
    multiple=True,
    help="The patch with this number, from 0; may be repeated.",
)
@MPP
@click.option("--sanity", is_flag=True, help="Then try the methods on random weights.")
@HELD_OUT
@OVERWRITE
@click.option("--dry-run", is_flag=True, help="Say which patches; explain none, write nothing.")
def explain(
    model: Path,
    patches: Path | None,
    cohort: Path | None,
    heatmaps: Path | None,
    out: Path,
    slides: tuple[str, ...],
    mpp: float | None,
    sanity: bool,
    held_out: bool,
    overwrite: bool,
    dry_run: bool,
    settings: ExplainSettings,
) -> Result:
    """Show what in a patch speaks for tumour: the highest, the least sure, or named patches.

    The pixels come from layer 1's patch files (--patches), or from slides that have a heatmap
    (--slides and --heatmaps).
    """
    from common.model_bundle import read_bundle
    from layer3_infer import said
    from layer3_infer.candidates import candidates
    from layer3_infer.explain.pipeline import check_choice, explain_sources, foresee
    from layer3_infer.explain.sanity_check import check_methods

    bundle = read_bundle(model)
    sources = candidates(bundle, patches, (cohort, heatmaps), slides, mpp, held_out=held_out)
    check_choice(settings, len(sources))
    if dry_run:
        return said.of_choice(foresee(bundle, sources, settings))
    results = explain_sources(bundle, sources, out, settings, overwrite=overwrite)
    done = [result.slide_id for result in results if result.status == "done"]
    checks = check_methods(bundle, out, done, settings) if sanity and done else []
    return said.of_explanations(results, out, checks)


def _names(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
    """A list in one word."""
    return None if text is None else [name.strip() for name in text.split(",")]


@verb(
    cli,
    settings="layer3_infer.config:ConceptsSettings",
    overrides=overridden(layers="layers", per_class="per_class"),
    says_where=True,
)
@MODEL
@click.option("--patches", type=FOLDER_PATH, required=True, help="Patch files with pixels.")
@OUT
@click.option("--layers", callback=_names, help="Names of layers, with commas [ends of blocks].")
@click.option(
    "--per-class", type=click.IntRange(1), help="Patches of each label and slide, at most."
)
@click.option(
    "--concepts", "given", type=FILE_PATH, help="CSV slide_id,x,y and a column for each concept."
)
@click.option("--nuclei", type=FOLDER_PATH, help="Folder of nuclei found by other software.")
@HELD_OUT
@click.option("--workers", type=click.IntRange(1), help="Processes that measure [one per CPU].")
@OVERWRITE
def concepts(
    model: Path,
    patches: Path,
    out: Path,
    given: Path | None,
    nuclei: Path | None,
    held_out: bool,
    workers: int | None,
    overwrite: bool,
    settings: ConceptsSettings,
) -> Result:
    """Ask which properties of nuclei, or of patches, the network's answers follow.

    Regression concept vectors: R2, sensitivity, TCAV and Br of each concept in each layer, held
    against shuffled copies of it. Needs patches of two patients at least.
    """
    from common.cluster import available_cpus
    from common.model_bundle import read_bundle
    from layer3_infer import said
    from layer3_infer.explain.concept_pipeline import ConceptInputs, find_concepts
    from layer3_infer.held_out import held_out_files
    from layer3_infer.locations import find_by_slide

    bundle = read_bundle(model)
    files = find_by_slide(patches)
    if held_out:
        files = held_out_files(files, bundle.manifest)
    inputs = ConceptInputs(files, given, nuclei)
    count = workers or available_cpus()
    found = find_concepts(bundle, inputs, out, settings, workers=count, overwrite=overwrite)
    return said.of_concepts(found, out)
