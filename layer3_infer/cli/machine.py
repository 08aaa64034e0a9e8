"""The command about the machine that the others run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import Result, verb
from common.doctor.command import ANY_PATH, QUICK, TRIED_OUT, result_of
from layer3_infer.cli.program import cli

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
@click.option("--model", "models", type=ANY_PATH, multiple=True, help="Model bundle, likewise.")
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
