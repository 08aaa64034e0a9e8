"""What the verb `doctor` has in common in all layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from common.cli import OUTPUT_PATH, Result

if TYPE_CHECKING:
    from common.doctor.examination import Examination

TRIED_OUT: Final = click.option(
    "--out",
    type=OUTPUT_PATH,
    show_default="/out in a container, else the current folder",
    help="Folder of results that should be writable.",
)
QUICK: Final = click.option(
    "--quick", is_flag=True, help="Leave out what takes seconds: loading Keras' backend."
)


def result_of(examination: Examination) -> Result:
    """An examination as the result of a verb."""
    return Result(examination.text(), examination.data(), examination.exit_status)
