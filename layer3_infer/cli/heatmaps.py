"""Commands that make heatmaps of slides, and plan that for a cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from common.cli import FOLDER_PATH, INPUT_PATH, OUTPUT_PATH, SCRATCH, Result, for_scripts, verb
from layer3_infer.cli.program import HELD_OUT, MODEL, MPP, OUT, OVERWRITE, cli

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import HeatmapSettings

_BLOCKS: Final = click.option(
    "--blocks",
    type=click.IntRange(1),
    default=1,
    help="Parts each slide is cut into, to share one slide among tasks.",
)


@verb(cli, settings="layer3_infer.config:HeatmapSettings", says_where=True)
@click.argument("slides", type=INPUT_PATH)
@MODEL
@OUT
@HELD_OUT
@click.option("--patches", type=FOLDER_PATH, help="Layer 1's patch files, to say where to look.")
@MPP
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
@OVERWRITE
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
@MPP
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
    """Say how to cut the heatmaps of SLIDES into the tasks of an array.

    With --out the array is of the tasks that have slides without a result, or of which the cohort
    says something else by now, or whose file is another. Opens no slide that is as it was.
    """
    from common.cohort import read_cohort
    from layer3_infer import plan as planning

    cut = planning.Cut(blocks, units_per_task, min(max_array, max_tasks or max_array))
    words = planning.words_of(slides, model, out, click.get_current_context().params)
    folder = None if out is None else planning.Folder(out, settings, model, retry_failed)
    return planning.plan(read_cohort(slides, mpp), cut, words, folder, values=values, freeze=freeze)
