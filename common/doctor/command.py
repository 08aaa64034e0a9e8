"""What the verb `doctor` has in common in all layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from common.cli import Result

if TYPE_CHECKING:
    from common.doctor.examination import Examination

ANY_PATH: Final = click.Path(path_type=Path, readable=False)
"""Refused by nobody before it is looked at: why it cannot be read is what the doctor tells."""

TRIED_OUT: Final = click.option(
    "--out",
    type=ANY_PATH,
    show_default="/out in a container, else the current folder",
    help="Folder of results that should be writable.",
)
QUICK: Final = click.option(
    "--quick", is_flag=True, help="Leave out what takes seconds: loading Keras' backend."
)


def result_of(examination: Examination) -> Result:
    """An examination as the result of a verb."""
    return Result(examination.text(), examination.data(), examination.exit_status)
