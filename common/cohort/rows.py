"""The rows of a CSV that a person may have edited."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from common.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read_rows(source: Path) -> list[tuple[int, list[str]]]:
    """Line number and cells of every row of a CSV that is not blank; at least a header.

    Cells have no space around them.

    Raises
    ------
    ConfigError
        If `source` cannot be read as a CSV in UTF-8.
    """
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except OSError as error:
        raise ConfigError(f"{source}: expected a readable CSV, found {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{source}: expected a CSV in UTF-8, found {error}") from error
    rows = [(line, cells) for line, cells in rows if any(cells)]
    if not rows:
        raise ConfigError(f"{source}: expected a header and a line per slide, found nothing")
    return rows
