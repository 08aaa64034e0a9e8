"""Commands that make a cohort of slides, or list one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import OUTPUT_PATH, Result, verb
from layer1_extract.cli.program import MPP, SLIDES, cli

if TYPE_CHECKING:
    from pathlib import Path


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
@SLIDES
@click.option("--out", type=OUTPUT_PATH, required=True, help="Cohort CSV to write.")
@MPP
def scan(slides: Path, out: Path, mpp: float | None) -> Result:
    """List what is in SLIDES, with scale, patient, node, centre and annotation.

    SLIDES is a slide, a folder (flat, CAMELYON16 or CAMELYON17), or a cohort CSV. Where a slide
    does not say its scale, the mpp column is left for you to fill.
    """
    from layer1_extract.scan import scan_cohort

    return scan_cohort(slides, out, mpp)
