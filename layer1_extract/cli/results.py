"""Commands that tell how far a folder of results is, and finish it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from common.cli import FOLDER_PATH, INPUT_PATH, MAX_FAILED, Result, verb
from layer1_extract.cli.program import cli

if TYPE_CHECKING:
    from pathlib import Path

_COHORT: Final = click.option(
    "--cohort",
    type=INPUT_PATH,
    show_default="what extract was given",
    help="SLIDES that should be there.",
)


@verb(cli)
@click.argument("out", type=FOLDER_PATH)
@click.option("--join", is_flag=True, help="Write one file per slide, and remove its parts.")
@_COHORT
@click.option(
    "--set-others-aside", is_flag=True, help="Move patches of slides SLIDES lacks out of the way."
)
@MAX_FAILED
def merge(
    out: Path, join: bool, cohort: Path | None, set_others_aside: bool, max_failed: float
) -> Result:
    """Make sure that OUT holds every slide, and gather outcomes.csv and a contact sheet.

    A slide or part that is missing, damaged, out of reach of the host that should read it, or of
    another slide, annotation or row of the cohort than now is named, and refused; with --cohort,
    patches of slides that SLIDES lacks are too. Slides that failed are reported, and do not stop
    the others unless they are more than --max-failed.
    """
    from layer1_extract.merge import merge as merge_folder

    return merge_folder(
        out,
        join=join,
        cohort=cohort,
        set_others_aside=set_others_aside,
        max_failed=max_failed,
    )


@verb(cli)
@click.argument("out", type=FOLDER_PATH)
@_COHORT
def status(out: Path, cohort: Path | None) -> Result:
    """Say how many slides of OUT are done, empty, failed, running, stopped or missing.

    Tells it from the files alone, while tasks are at work or after them, and writes outcomes.csv.
    """
    from layer1_extract.status import status as status_of

    return status_of(out, cohort)
