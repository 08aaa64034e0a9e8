"""Tables in CSV that other programs wrote; every mistake is told with its line."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes
    ----------
    path : Path
    line : int
        Counted from 1.
    cells : mapping of str to str
        By column, without space around them.
    """

    path: Path
    line: int
    cells: Mapping[str, str]

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float:
        """The cell as a number from `low` to `high`.

        Raises
        ------
        ContractError
            If it is none, not finite, or beyond.
        """
        text = self.cells[column]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value) and low <= value <= high:
            return value
        limits = "" if math.isinf(low) else f" from {low:g} to {high:g}"
        raise self.refusal(column, f"a number{limits}", repr(text))

    def name(self, column: str) -> str:
        """The cell as a name, which may not be empty."""
        if not self.cells[column]:
            raise self.refusal(column, "a name", "nothing")
        return self.cells[column]

    def refusal(self, column: str, expected: str, found: str, advice: str = "") -> ContractError:
        """The error about one cell."""
        said = advice or "Correct the line, or remove it"
        return ContractError(self.path, f"line {self.line}: {column}", expected, found, said)


def read_table(
    path: Path,
    columns: Sequence[Collection[str]],
    *,
    header: bool = True,
    optional: Collection[str] = (),
) -> list[Row]:
    """The rows of a CSV whose columns are known by one of several names each.

    Parameters
    ----------
    path : Path
    columns : sequence of collections of str
        The names of each column, without regard to case; the first is its key in `Row.cells`.
        Other columns are passed over.
    header : bool
        Whether the first line must name the columns. Where not, one that does is understood, and
        otherwise the columns stand in the order of `columns`.
    optional : collection of str
        Columns that may be missing; their cells are then empty.

    Raises
    ------
    ContractError
        If it is no CSV in UTF-8, lacks a column or has two for one, or has a line with fewer cells.
    """
    lines = _lines(path)
    keys = [next(iter(names)) for names in columns]
    first = [cell.lower() for cell in lines[0][1]] if lines else []
    places = [_place(path, names, first) for names in columns]
    more = {key: _place(path, (key,), first) for key in optional}
    known = [place for place in places if place is not None]
    if len(known) == len(columns):
        lines = lines[1:]
    elif header or known:
        missing = ", ".join(k for k, place in zip(keys, places, strict=True) if place is None)
        found = ",".join(lines[0][1]) if lines else "nothing"
        raise ContractError(
            path, "line 1", f"a header with {missing}", found, f"Name the columns {','.join(keys)}"
        )
    else:
        known = list(range(len(columns)))
    rows = [_row(path, line, cells, dict(zip(keys, known, strict=True))) for line, cells in lines]
    return [_with(row, cells, more) for row, (_, cells) in zip(rows, lines, strict=True)]


def _row(path: Path, line: int, cells: list[str], places: Mapping[str, int]) -> Row:
    if len(cells) <= max(places.values()):
        found = f"{len(cells)} cells: {','.join(cells)}"
        advice = "Correct the line, or remove it"
        raise ContractError(path, f"line {line}", ",".join(places), found, advice)
    return Row(path, line, {key: cells[at] for key, at in places.items()})


def _with(row: Row, cells: list[str], places: Mapping[str, int | None]) -> Row:
    """The row with the cells of columns that may be missing."""
    more = {key: "" if at is None or at >= len(cells) else cells[at] for key, at in places.items()}
    return Row(row.path, row.line, {**row.cells, **more})


def _place(path: Path, names: Collection[str], header: list[str]) -> int | None:
    """Where the one column stands that has one of these names; None where there is none."""
    found = [at for at, cell in enumerate(header) if cell in names]
    if len(found) > 1:
        said = " and ".join(header[at] for at in found)
        expected = f"one column of {', '.join(names)}"
        raise ContractError(path, "line 1", expected, said, "Remove or rename all but one")
    return found[0] if found else None


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Line number and cells of every line that is not blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except OSError as error:
        found = error.strerror or str(error)
        raise ContractError(path, "table", "a CSV that can be read", found) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ContractError(path, "table", "a CSV in UTF-8", str(error)) from error
    return [(line, cells) for line, cells in rows if any(cells)]
