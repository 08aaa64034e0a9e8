"""The commands of layer 1."""

from __future__ import annotations

import logging
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
from common.doctor.command import TRIED_OUT, result_of

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.config import ExtractSettings, ImportSettings

cli = layer("layer1-extract", "Layer 1 of CamNet: slides to patch files.")
_SLIDES = click.argument("slides", type=INPUT_PATH)
_MPP = click.option("--mpp", type=float, help="Scale of slides that do not say theirs, um/px.")
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace finished results.")
_BLOCKS = click.option(
    "--blocks",
    type=click.IntRange(min=1),
    default=1,
    help="Parts to cut each slide into; with random sampling its sampling.draws.",
)
_COHORT = click.option(
    "--cohort",
    type=INPUT_PATH,
    show_default="what extract was given",
    help="SLIDES that should be there.",
)
_MASKS = click.option(
    "--masks", type=FOLDER_PATH, help="Folder of GeoJSON masks to use instead of those found."
)
_OUT = click.option("--out", type=OUTPUT_PATH, required=True, help="Folder of the results.")
_READERS = click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    show_default="the CPUs granted",
    help="Files read at the same time.",
)


def main() -> None:
    """Console script `layer1-extract`."""
    run(cli)


@verb(cli)
@click.argument("out", type=OUTPUT_PATH)
@click.option("--slides", default=6, help="Number of slides.")
@click.option("--size", default=4096, help="Edge of each slide, level-0 px; a multiple of 512.")
@click.option("--seed", default=0, help="Decides every slide.")
@click.option(
    "--differ",
    default="area,texture",
    help="What tells nuclei of tumour from normal ones: area, texture, or both.",
)
@click.option("--artefacts", is_flag=True, help="Add folds and pen marks to some slides.")
def phantom(out: Path, slides: int, size: int, seed: int, differ: str, artefacts: bool) -> Result:
    """Make a CAMELYON17-style cohort of synthetic slides, to try everything on.

    Three centres with their own stain, pyramidal slides at 0.25 um/px, annotations, stages.csv, and
    the true number, area and texture of nuclei.
    """
    from common.progress import progress
    from layer1_extract.phantom.cohort import make_cohort
    from layer1_extract.phantom.settings import PhantomSettings

    wanted = frozenset(filter(None, differ.split(",")))
    settings = PhantomSettings(slides, size, seed, wanted, artefacts)
    with progress(None, "phantom", total=slides) as bar:

        def moved(_slide_id: str) -> None:
            bar.update()

        paths = make_cohort(out, settings, moved)
    return Result(
        f"made {len(paths)} slides in {out}",
        {"out": str(out), "slides": [str(path) for path in paths]},
    )


@verb(cli)
@_SLIDES
@click.option("--out", type=OUTPUT_PATH, required=True, help="Cohort CSV to write.")
@_MPP
def scan(slides: Path, out: Path, mpp: float | None) -> Result:
    """List what is in SLIDES, with scale, patient, node, centre and annotation.

    SLIDES is a slide, a folder (flat, CAMELYON16 or CAMELYON17), or a cohort CSV. Where a slide
    does not say its scale, the mpp column is left for you to fill.
    """
    from layer1_extract.scan import scan_cohort

    return scan_cohort(slides, out, mpp)


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
@_SLIDES
@_OUT
@click.option("--shard", default="0/1", help="Which share of the work to do: index/count.")
@_BLOCKS
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
@_MPP
@_OVERWRITE
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
@_SLIDES
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
@_MPP
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


@verb(cli)
@click.argument("out", type=FOLDER_PATH)
@click.option("--join", is_flag=True, help="Write one file per slide, and remove its parts.")
@_COHORT
@click.option(
    "--set-others-aside", is_flag=True, help="Move patches of slides SLIDES lacks out of the way."
)
def merge(out: Path, join: bool, cohort: Path | None, set_others_aside: bool) -> Result:
    """Make sure that OUT holds every slide, and gather outcomes.csv and a contact sheet.

    A slide or part that is missing or damaged is named, and refused; with --cohort, patches of
    slides that SLIDES lacks are too. Slides that failed are reported, and do not stop the others.
    """
    from layer1_extract.merge import merge as merge_folder

    return merge_folder(out, join=join, cohort=cohort, set_others_aside=set_others_aside)


@verb(cli)
@click.argument("out", type=FOLDER_PATH)
@_COHORT
def status(out: Path, cohort: Path | None) -> Result:
    """Say how many slides of OUT are done, empty, failed, running, stopped or missing.

    Tells it from the files alone, while tasks are at work or after them, and writes outcomes.csv.
    """
    from layer1_extract.status import status as status_of

    return status_of(out, cohort)


@verb(cli)
@click.argument("folder", metavar="DIR", type=FOLDER_PATH)
@click.option("--update", is_flag=True, help="Replace a lock where files are new or changed.")
@click.option("--drop-missing", is_flag=True, help="With --update: where files are gone, too.")
@_READERS
def lock(folder: Path, update: bool, drop_missing: bool, workers: int | None) -> Result:
    """List every file of DIR with its SHA-256, in DIR/dataset.sha256.

    DIR holds slides, results of layer 1, or both; hidden and half-written files are left out.
    Copied with the data, the list proves a copy whole: by verify, or by sha256sum --check where
    this program is not. A lock that is there stays if it is right, and is never silently replaced.
    """
    from common.cluster import available_cpus
    from layer1_extract.dataset_lock.locking import lock as lock_folder

    threads = workers or available_cpus()
    return lock_folder(folder, threads, update=update, drop_missing=drop_missing)


@verb(cli)
@click.argument("folder", metavar="DIR", type=FOLDER_PATH)
@click.option("--quick", is_flag=True, help="Compare names and sizes only; reads no content.")
@click.option(
    "--lock",
    "given",
    type=FILE_PATH,
    show_default="DIR/dataset.sha256",
    help="Lock to compare with.",
)
@_READERS
def verify(folder: Path, quick: bool, given: Path | None, workers: int | None) -> Result:
    """Say whether DIR holds what its lock lists: every file, the same content, and no other.

    Names each file that is missing, changed or extra; writes nothing.
    """
    from common.cluster import available_cpus
    from layer1_extract.dataset_lock.verifying import verify as verify_folder

    return verify_folder(folder, workers or available_cpus(), quick=quick, given=given)


@verb(cli)
@click.argument("files", type=FILE_PATH, nargs=-1, required=True)
@click.option("--decode", is_flag=True, help="Read and decode every patch too.")
def check(files: tuple[Path, ...], decode: bool) -> Result:
    """Test whether FILES keep the specification of patch files."""
    from layer1_extract.results import of_check

    return of_check(files, decode=decode)


@verb(cli)
@click.argument("files", type=FILE_PATH, nargs=-1, required=True)
@_OUT
@click.option(
    "--codec",
    type=click.Choice(["raw", "jpeg", "none"]),
    required=True,
    help="How pixels are stored; none keeps the locations only.",
)
@click.option("--quality", type=click.IntRange(1, 100), default=95, help="Of JPEG, 1 to 100.")
@_OVERWRITE
def convert(
    files: tuple[Path, ...], out: Path, codec: str, quality: int, overwrite: bool
) -> Result:
    """Write patch FILES into the folder OUT with their pixels stored another way.

    Places, labels and what was rejected stay as they are. What JPEG lost stays lost, and a file of
    locations has no pixels to convert. A file that fails does not stop the others, and the same
    command goes on where it was stopped.
    """
    from layer1_extract import results
    from layer1_extract.config import StorageSettings
    from layer1_extract.converting import convert as convert_files

    storage = StorageSettings.model_validate({"codec": codec, "quality": quality})
    outcomes, kept = convert_files(files, out, storage, overwrite=overwrite)
    return results.of_run(outcomes, kept, out, "files")


@verb(cli)
@click.argument("patches", type=INPUT_PATH)
@click.option("--out", type=OUTPUT_PATH, required=True, help="HDF5 file to write.")
@click.option(
    "--layout",
    type=click.Choice(["camnet"]),
    default="camnet",
    help="camnet is class, level, centre, patient and node as groups, as in the original CamNet.",
)
@click.option(
    "--level",
    type=click.IntRange(0, 20),
    default=7,
    help="Level whose pixels its locations are in; 0 is exact, the original used 7.",
)
@_OVERWRITE
def export(patches: Path, out: Path, layout: str, level: int, overwrite: bool) -> Result:
    """Write PATCHES, a folder of patch files, in another layout, as one file.

    Patient, node and centre must be known, and every patch labelled.
    """
    from layer1_extract.exporting import export_camnet

    write = {"camnet": export_camnet}[layout]
    written = write(patches, out, level, overwrite=overwrite)
    return Result(f"{written} patches in {out}", {"out": str(out), "patches": written})


@verb(
    cli,
    settings="layer1_extract.config:ImportSettings",
    name="import",
    overrides=overridden(mpp="mpp"),
    says_where=True,
)
@click.argument("source", type=INPUT_PATH)
@_OUT
@click.option(
    "--split",
    type=click.Choice(["", "train", "valid", "test"]),
    default="",
    help="Side these patches are on, for training with given splits.",
)
@click.option("--mpp", type=float, help="Scale of the images, um/px; PatchCamelyon's is 0.972.")
@_OVERWRITE
def import_(
    source: Path,
    out: Path,
    settings: ImportSettings,
    split: str,
    overwrite: bool,
) -> Result:
    """Take in patches cut by others.

    SOURCE is an HDF5 file of CamNet or PatchCamelyon, or a folder or zip file with class folders
    (0 and 1, or normal and tumor).
    """
    from layer1_extract import results
    from layer1_extract.importing import import_patches

    outcomes, kept = import_patches(source, out, settings, split=split, overwrite=overwrite)
    return results.of_run(outcomes, kept, out)


@verb(cli)
@TRIED_OUT
@click.option(
    "--slides",
    type=INPUT_PATH,
    multiple=True,
    help="Slide, folder or cohort CSV that should be readable; may be repeated.",
)
def doctor(out: Path | None, slides: tuple[Path, ...]) -> Result:
    """Look at this machine: can it do the work, and what would stop it.

    Libraries, pixels of a slide it makes, processors, memory, folders, locks, SLURM and container,
    a line each, with advice where something is not well. Ends with 2 where something will stop the
    work. Without --out and --slides a container's /out and /slides are looked at.
    """
    from layer1_extract.doctor import doctor as examine

    return result_of(examine(out, slides))
