"""The commands of layer 3."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from common.cli import (
    FILE_PATH,
    FOLDER_PATH,
    INPUT_PATH,
    OUTPUT_PATH,
    SCRATCH,
    Result,
    for_scripts,
    layer,
    overridden,
    run,
    verb,
)
from common.doctor.command import QUICK, TRIED_OUT, result_of
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.place import PLACE
from layer3_infer.slide_model.cli import slide_model

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import (
        ConceptsSettings,
        EvaluateSettings,
        ExplainSettings,
        HeatmapSettings,
        ReportSettings,
        SuggestSettings,
        ViewSettings,
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
_BLOCKS = click.option(
    "--blocks",
    type=click.IntRange(1),
    default=1,
    help="Parts each slide is cut into, to share one slide among tasks.",
)
_RESULTS = click.argument("results", metavar="DIR", type=FOLDER_PATH)


def main() -> None:
    """Console script `layer3-infer`."""
    run(cli)


@verb(cli, settings="layer3_infer.config:HeatmapSettings", says_where=True)
@click.argument("slides", type=INPUT_PATH)
@_MODEL
@_OUT
@_HELD_OUT
@click.option("--patches", type=FOLDER_PATH, help="Layer 1's patch files, to say where to look.")
@click.option("--mpp", type=float, help="Scale of slides that do not say theirs, um/px.")
@click.option("--shard", default="0/1", help="This task's share of the slides, index/count.")
@_BLOCKS
@click.option("--workers", type=click.IntRange(1), help="Threads [one per CPU].")
@click.option(
    "--processes",
    type=click.IntRange(1),
    default=1,
    help="Networks at work at once, which share the workers and, in turn, the GPUs.",
)
@SCRATCH
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
    blocks: int,
    workers: int | None,
    processes: int,
    scratch: Path | None,
    overwrite: bool,
    dry_run: bool,
    settings: HeatmapSettings,
) -> Result:
    """Turn slides into heatmaps of tumour probability.

    SLIDES is a slide, a folder of slides, or a cohort CSV. Results a former run finished are kept.
    """
    from common.cluster import Shard, available_cpus, share_cores
    from common.cohort import read_cohort
    from common.errors import ConfigError
    from common.model_bundle import read_bundle
    from common.staging import Scratch
    from common.units import units_of
    from layer3_infer import said
    from layer3_infer.analysis import CALLS, Analysis
    from layer3_infer.held_out import held_out_entries
    from layer3_infer.locations import find_by_slide
    from layer3_infer.pipeline import copies, forecast
    from layer3_infer.pipeline import run as run_heatmaps
    from layer3_infer.results_folder import ResultsFolder

    if overwrite and blocks > 1:
        raise ConfigError(
            "--overwrite: expected no --blocks, for tasks would remove one another's, found "
            f"{blocks}. Give a new --out"
        )
    threads = workers or available_cpus()
    share_cores(min(CALLS, max(1, threads // processes)), max(1, threads // processes))
    bundle = read_bundle(model)
    entries = read_cohort(slides, mpp)
    if held_out:
        entries = held_out_entries(entries, bundle.manifest)
    analysis = Analysis(
        bundle,
        settings,
        ResultsFolder(out),
        None if patches is None else find_by_slide(patches),
        threads,
    )
    share = Shard.parse(shard)
    mine = share.of(units_of(entries, blocks))
    cohort = [entry.slide_id for entry in entries]
    if dry_run:
        found = forecast(analysis, mine, cohort, overwrite=overwrite)
        return said.of_forecast(found, copies(scratch, mine, found, processes))
    if scratch is not None:
        disk = Scratch.opened(scratch, [unit.entry.path for unit in mine])
        analysis = replace(analysis, scratch=disk)
    alone = share.count == 1
    results, kept = run_heatmaps(
        analysis, mine, cohort, processes=processes, overwrite=overwrite, tables=alone
    )
    return said.of_heatmaps(results, kept, out, merged=alone)


@verb(cli, settings="layer3_infer.config:HeatmapSettings")
@click.argument("slides", type=INPUT_PATH)
@click.option("--model", type=FOLDER_PATH, help="Model bundle; of which results in --out must be.")
@click.option("--out", type=OUTPUT_PATH, help="Folder of results: plan what is not finished there.")
@click.option("--retry-failed", is_flag=True, help="With --out: slides that failed there, too.")
@_BLOCKS
@click.option(
    "--max-array",
    type=click.IntRange(1),
    default=1001,
    help="MaxArraySize of the cluster; scontrol show config says it.",
)
@click.option("--max-tasks", type=click.IntRange(1), help="Tasks the cluster takes from one user.")
@click.option(
    "--units-per-task",
    type=click.IntRange(1),
    default=1,
    help="Slides or parts that one task of the array does; more where there are too many tasks.",
)
@for_scripts
@click.option("--mpp", type=float, help="Scale of slides that do not say theirs, um/px.")
def plan(
    slides: Path,
    model: Path | None,
    out: Path | None,
    retry_failed: bool,
    blocks: int,
    max_array: int,
    max_tasks: int | None,
    units_per_task: int,
    values: bool,
    freeze: Path | None,
    mpp: float | None,
    settings: HeatmapSettings,
) -> Result:
    """Say how to cut the heatmaps of SLIDES into the tasks of an array; opens no slide.

    With --out the array is of the tasks that have slides without a result, or of which the cohort
    says something else by now, told from the files there.
    """
    from common.cohort import read_cohort
    from layer3_infer import plan as planning

    cut = planning.Cut(blocks, units_per_task, min(max_array, max_tasks or max_array))
    words = planning.words_of(slides, model, out, click.get_current_context().params)
    folder = None if out is None else planning.Folder(out, settings, model, retry_failed)
    return planning.plan(read_cohort(slides, mpp), cut, words, folder, values=values, freeze=freeze)


@verb(cli)
@click.argument("files", type=FILE_PATH, nargs=-1, required=True)
def check(files: tuple[Path, ...]) -> Result:
    """Test whether FILES of results are whole and say what their heatmap says.

    Heatmap files, and the .ome.tif, .geojson, .xml and .csv of a slide, which need the heatmap
    they were made of beside them; merge names what is missing.
    """
    from layer3_infer import said
    from layer3_infer.result_check import check_results

    return said.of_check(check_results(files))


@verb(cli)
@_RESULTS
def merge(results: Path) -> Result:
    """Make sure that DIR holds every slide of its cohort; writes slides.csv anew."""
    from layer3_infer import said
    from layer3_infer.merge import merge as merge_results
    from layer3_infer.results_folder import ResultsFolder

    return said.of_merge(merge_results(ResultsFolder(results)), results)


def _names(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
    """A list in one word."""
    return None if text is None else [name.strip() for name in text.split(",")]


@verb(
    cli,
    settings="layer3_infer.config:ExplainSettings",
    overrides=overridden(methods="methods", choose="choose", top="top", places="at", rows="rows"),
    says_where=True,
)
@_MODEL
@click.option("--patches", type=FOLDER_PATH, help="Patch files with pixels.")
@click.option("--slides", "cohort", type=INPUT_PATH, help="Or: slides, with --heatmaps.")
@click.option("--heatmaps", type=FOLDER_PATH, help="Folder that heatmap wrote, with --slides.")
@_OUT
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
@click.option("--mpp", type=float, help="Scale of slides that do not say theirs, um/px.")
@click.option("--sanity", is_flag=True, help="Then try the methods on random weights.")
@_HELD_OUT
@click.option("--overwrite", is_flag=True, help="Replace finished results.")
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


@verb(
    cli,
    settings="layer3_infer.config:SuggestSettings",
    overrides=overridden(threshold="threshold", uncertain="uncertain"),
)
@_RESULTS
@_OUT
@click.option("--threshold", type=click.FloatRange(0, 1), help="Overrides the setting.")
@click.option("--uncertain", type=click.IntRange(0), help="Patches; overrides the setting.")
@click.option("--overwrite", is_flag=True, help="Suggest anew; what was corrected is set aside.")
def suggest(
    results: Path,
    out: Path,
    overwrite: bool,
    settings: SuggestSettings,
) -> Result:
    """Draw what the heatmaps in DIR suggest, for a person to correct and layer 1 to take back.

    Writes a GeoJSON for QuPath and an XML for ASAP per slide: regions above a threshold as Tumor,
    and the patches the model is least sure of as Uncertain, which is no label until changed.
    """
    from layer3_infer import said
    from layer3_infer.suggestions import suggest as suggest_slides

    return said.of_suggestions(*suggest_slides(results, out, settings, overwrite=overwrite), out)


@verb(
    cli,
    settings="layer3_infer.config:ConceptsSettings",
    overrides=overridden(layers="layers", per_class="per_class"),
    says_where=True,
)
@_MODEL
@click.option("--patches", type=FOLDER_PATH, required=True, help="Patch files with pixels.")
@_OUT
@click.option("--layers", callback=_names, help="Names of layers, with commas [ends of blocks].")
@click.option(
    "--per-class", type=click.IntRange(1), help="Patches of each label and slide, at most."
)
@click.option(
    "--concepts", "given", type=FILE_PATH, help="CSV slide_id,x,y and a column for each concept."
)
@click.option("--nuclei", type=FOLDER_PATH, help="Folder of nuclei found by other software.")
@_HELD_OUT
@click.option("--workers", type=click.IntRange(1), help="Processes that measure [one per CPU].")
@click.option("--overwrite", is_flag=True, help="Replace finished results.")
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


@verb(cli, settings="layer3_infer.config:EvaluateSettings")
@click.argument("results", metavar="DIR", type=OUTPUT_PATH)
@click.option(
    "--annotations",
    type=INPUT_PATH,
    required=True,
    help="What is known: the cohort's folder or CSV, or a folder of annotations.",
)
@click.option("--detections", type=FOLDER_PATH, help="Others' detections: <slide_id>.csv of p,x,y.")
@click.option("--scores", type=FILE_PATH, help="Others' slide scores: CSV of slide_id,score.")
@click.option("--stages", type=FILE_PATH, help="Others' stages, as CAMELYON17's CSV.")
@_HELD_OUT
@click.option("--mpp", type=float, help="Scale of slides that do not say theirs, um/px.")
def evaluate(
    results: Path,
    annotations: Path,
    detections: Path | None,
    scores: Path | None,
    stages: Path | None,
    held_out: bool,
    mpp: float | None,
    settings: EvaluateSettings,
) -> Result:
    """Compare the heatmaps in DIR with annotations; writes DIR/evaluation.json.

    Tables of others stand in for heatmaps; with them alone, DIR is where to write.
    """
    from layer3_infer import said
    from layer3_infer.evaluation import Given, evaluate_folder

    given = Given(detections, scores, stages)
    evaluation = evaluate_folder(results, annotations, settings, given, mpp=mpp, held_out=held_out)
    return said.of_evaluation(evaluation, results)


@verb(cli, settings="layer3_infer.config:ReportSettings")
@_RESULTS
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
@_RESULTS
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


@verb(cli)
@TRIED_OUT
@click.option(
    "--slides",
    type=INPUT_PATH,
    multiple=True,
    help="Slide, folder or cohort CSV that should be readable; may be repeated.",
)
@click.option("--model", "models", type=INPUT_PATH, multiple=True, help="Model bundle, likewise.")
@QUICK
def doctor(
    out: Path | None, slides: tuple[Path, ...], models: tuple[Path, ...], quick: bool
) -> Result:
    """Look at this machine: can it do the work, and what would stop it.

    Libraries, pixels of a slide it makes, Keras' backend and its devices, processors, memory,
    folders, locks, SLURM and container: a line each, with advice. Ends with 2 where something will
    stop the work. What is not given is looked at where a container has it: /out, /slides, /models.
    """
    from layer3_infer.doctor import doctor as examine

    return result_of(examine(out, slides, models, quick=quick))


cli.add_command(slide_model)
