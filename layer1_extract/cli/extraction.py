"""Commands that cut patches from slides, and plan that for a cluster."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from common.cli import FOLDER_PATH, OUTPUT_PATH, SCRATCH, Result, for_scripts, verb
from layer1_extract.cli.program import MPP, OUT, OVERWRITE, SLIDES, cli

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.config import ExtractSettings

_MASKS: Final = click.option(
    "--masks", type=FOLDER_PATH, help="Folder of GeoJSON masks to use instead of those found."
)


def _without_pixels(settings: ExtractSettings, given: dict[str, Any]) -> ExtractSettings:
    """The settings, with no pixels stored where the option says so."""
    if not given.pop("no_pixels"):
        return settings
    storage = settings.storage.model_copy(update={"codec": "none"})
    return settings.model_copy(update={"storage": storage})


@verb(
    cli,
    settings="layer1_extract.config:ExtractSettings",
    overrides=_without_pixels,
    says_where=True,
)
@SLIDES
@OUT
@click.option("--shard", default="0/1", help="Which share of the work to do: index/count.")
@click.option(
    "--blocks",
    type=click.IntRange(min=1),
    default=1,
    help="Parts to cut each slide into; with random sampling its sampling.draws.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    show_default="the CPUs granted",
    help="Processes, one slide or part each at a time; threads where there are fewer of those.",
)
@_MASKS
@click.option("--no-pixels", is_flag=True, help="Write locations only.")
@SCRATCH
@MPP
@OVERWRITE
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def extract(
    slides: Path,
    out: Path,
    settings: ExtractSettings,
    shard: str,
    blocks: int,
    workers: int | None,
    masks: Path | None,
    scratch: Path | None,
    mpp: float | None,
    overwrite: bool,
    dry_run: bool,
) -> Result:
    """Cut labelled patches from SLIDES into OUT/patches, one HDF5 file per slide.

    The same command goes on where an earlier run stopped. A slide that fails does not stop the
    others. Shares of the work are of slides, or of parts of slides with --blocks; every task of an
    array must be given the same SLIDES.
    """
    from common.cluster import Shard, available_cpus
    from common.cohort import read_cohort
    from common.staging import Scratch, forecast_slides
    from common.units import units_of
    from layer1_extract import pipeline, results
    from layer1_extract.blocks import check_blocks
    from layer1_extract.given_masks import check_masks
    from layer1_extract.resume import Run

    check_blocks(blocks, settings)
    cohort = read_cohort(slides, mpp)
    check_masks(masks, cohort, out)
    units, run = Shard.parse(shard).of(units_of(cohort, blocks)), Run(out, settings, masks)
    if not units:
        logging.getLogger(__name__).warning("shard %s has no slide", shard)
    if dry_run:
        done = {} if overwrite else pipeline.would_keep(units, run)
        left = [unit.entry.path for unit in units if unit.name not in done]
        at_once = (workers or available_cpus()) + 1
        copies = None if scratch is None else forecast_slides(scratch, left, at_once)
        return results.of_dry_run([unit.name for unit in units], set(done), copies)
    if scratch is not None:
        run = replace(run, scratch=Scratch.opened(scratch, [unit.entry.path for unit in units]))
    outcomes, kept = pipeline.extract(
        units, run, cohort=cohort, workers=workers or available_cpus(), overwrite=overwrite
    )
    return results.of_run(outcomes, kept, out)


@verb(cli, settings="layer1_extract.config:ExtractSettings")
@SLIDES
@click.option(
    "--blocks",
    type=click.IntRange(min=1),
    default=None,
    show_default="as many as keep every core at work",
    help="Parts to cut each slide into.",
)
@_MASKS
@click.option(
    "--max-array",
    type=click.IntRange(min=1),
    default=1001,
    help="MaxArraySize of the cluster; scontrol show config says it.",
)
@click.option(
    "--units-per-task",
    type=click.IntRange(min=1),
    default=None,
    show_default="enough to be worth a task",
    help="Slides or parts that one task of the array does.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    show_default="the CPUs granted",
    help="Cores the wall time is for, and processes that look at thumbnails.",
)
@click.option("--calibrate", is_flag=True, help="Time some patches of the first slide, here.")
@click.option("--no-look", is_flag=True, help="Open no slide; say only how to cut them up.")
@click.option("--out", type=OUTPUT_PATH, help="Folder of results: plan what is not finished there.")
@click.option("--retry-failed", is_flag=True, help="With --out: slides that failed there, too.")
@click.option(
    "--max-tasks", type=click.IntRange(min=1), help="Tasks the cluster takes from one user."
)
@for_scripts
@MPP
def plan(
    slides: Path,
    settings: ExtractSettings,
    blocks: int | None,
    masks: Path | None,
    max_array: int,
    units_per_task: int | None,
    workers: int | None,
    calibrate: bool,
    no_look: bool,
    out: Path | None,
    retry_failed: bool,
    max_tasks: int | None,
    values: bool,
    freeze: Path | None,
    mpp: float | None,
) -> Result:
    """Say what extracting SLIDES will take: patches, disk, CPU time, and how to cut it up.

    Looks at thumbnails and annotations only; each slide's patches are those its mask and
    annotation admit, of which the white and black ones are not kept in the end. With --out the
    array is of the tasks that have slides or parts without a result, or of which the cohort says
    something else by now, told from the files there. --values and --freeze look at nothing either.
    """
    from common.cluster import available_cpus
    from common.cohort import read_cohort
    from layer1_extract import plan as planning
    from layer1_extract.blocks import check_blocks
    from layer1_extract.given_masks import check_masks

    check_blocks(blocks or 1, settings)
    cores = workers or available_cpus()
    cut = planning.Cut(blocks, max_array, units_per_task, cores, max_tasks)
    given = click.get_current_context().params
    config, overrides = given.get("config"), given.get("overrides", ())
    words = planning.words_of(slides, out, config, overrides, masks, mpp)
    cohort = read_cohort(slides, mpp)
    check_masks(masks, cohort, out)
    asked = planning.Asked(cohort, settings, masks, cut, words, out, retry_failed)
    if no_look or values or freeze is not None:
        return planning.quick_plan(asked, values=values, freeze=freeze)
    return planning.plan(asked, calibrated=calibrate)
