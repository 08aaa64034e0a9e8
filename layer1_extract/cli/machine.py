"""The command about the machine that the others run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import Result, verb
from common.doctor.command import ANY_PATH, TRIED_OUT, result_of
from layer1_extract.cli.program import cli

if TYPE_CHECKING:
    from pathlib import Path


@verb(cli)
@TRIED_OUT
@click.option(
    "--slides",
    type=ANY_PATH,
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
