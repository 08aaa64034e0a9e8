"""The cohort CSV: one line per slide, which a person may edit.

Columns are those of `SlideEntry`; `path` is needed, the others may be missing or empty, and an
empty `slide_id` is the name of the file without its suffix. Paths that are not absolute start at
the folder of the CSV. A slide of several files is named by one of them: its ``.mrxs``, or any
``.dcm`` of its series.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from common.cohort.entry import TEXTS, SlideEntry, is_plain, mpp_mistakes, text_mistakes
from common.cohort.rows import read_rows
from common.errors import ConfigError
from common.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COLUMNS: Final = tuple(f.name for f in fields(SlideEntry) if f.name != "fallback_mpp")


def read_csv(source: Path) -> list[SlideEntry]:
    """The slides of the cohort CSV `source`, in its order.

    Raises
    ------
    ConfigError
        Listing every mistake with its line.
    """
    (_, header), *rows = read_rows(source)
    _check_header(header, source)
    entries: dict[str, SlideEntry] = {}
    lines: dict[str, int] = {}
    mistakes: list[str] = []
    for line, cells in rows:
        entry, found = _row(header, cells, source.parent.absolute())
        if entry is not None:
            twin = entries.setdefault(entry.slide_id, entry)
            first = lines.setdefault(entry.slide_id, line)
            if twin is not entry:
                taken = f"slide_id: {entry.slide_id!r} is taken on line {first} by {twin.path}"
                found = [f"{taken}, found {entry.path} here"]
        mistakes += [f"{source}: line {line}: {mistake}" for mistake in found]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    if not entries:
        raise ConfigError(f"{source}: expected at least one slide, found none")
    return list(entries.values())


def write_cohort(entries: Iterable[SlideEntry], path: Path) -> None:
    """Write the cohort CSV `path`, whole or not at all.

    Paths below its folder are written from there, so that the folder may be moved; others are
    absolute. Reading gives equal entries, with absolute paths.

    Raises
    ------
    ConfigError
        If a path has line breaks in it, space around it, or bytes that are not text.
    """
    folder = path.parent.absolute()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        values = {name: getattr(entry, name) for name in COLUMNS}
        values["path"] = _written(entry.path, folder)
        values["annotation"] = _written(entry.annotation, folder)
        values["mpp"] = "" if entry.mpp is None else repr(float(entry.mpp))
        writer.writerow(values.values())
    write_text(path, text.getvalue())


def _check_header(header: Sequence[str], source: Path) -> None:
    mistakes = [f"column {name!r}: {_advice(name)}" for name in header if name not in COLUMNS]
    mistakes += [f"column {name!r}: named twice" for name in COLUMNS if header.count(name) > 1]
    if "path" not in header:
        mistakes.append("column 'path': expected, found nothing")
    if mistakes:
        raise ConfigError("\n".join(f"{source}: line 1: {mistake}" for mistake in mistakes))


def _advice(name: str) -> str:
    close = get_close_matches(name.lower(), COLUMNS, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"not known. {hint}Known: {', '.join(COLUMNS)}"


def _row(
    header: Sequence[str], cells: Sequence[str], folder: Path
) -> tuple[SlideEntry | None, list[str]]:
    """The entry on one line, or None and every mistake in it."""
    if len(cells) > len(header):
        return None, [
            f"expected {len(header)} cells, found {len(cells)}. Quote a cell with a comma"
        ]
    values = dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False))
    if not values["path"]:
        return None, ["path: expected a file, found nothing"]
    path = folder / values["path"]
    texts = {name: values[name] for name in TEXTS}
    texts["slide_id"] = texts["slide_id"] or path.stem
    mpp = _mpp(values["mpp"])
    mistakes = [
        f"{name}: expected a path on one line, found {values[name]!r}"
        for name in ("path", "annotation")
        if not is_plain(values[name])
    ]
    mistakes += text_mistakes(texts)
    if mpp_mistakes(mpp):
        mistakes.append(f"mpp: expected um/px greater than 0, found {values['mpp']!r}")
    if mistakes:
        return None, mistakes
    annotation = folder / values["annotation"] if values["annotation"] else None
    names = ("patient", "node", "centre", "slide_label", "split")
    said = [texts[name] for name in names]
    return SlideEntry(texts["slide_id"], path, *said, mpp=mpp, annotation=annotation), []


def _mpp(text: str) -> float | None:
    """The number in `text`; NaN where it is none, None where it is empty."""
    try:
        return float(text) if text else None
    except ValueError:
        return math.nan


def _written(path: Path | None, folder: Path) -> str:
    if path is None:
        return ""
    absolute = path.absolute()
    text = str(absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute)
    if not is_plain(text):
        raise ConfigError(
            f"{text!r}: expected a path that a CSV can hold, found line breaks, space around it "
            "or bytes that are not text. Rename the file"
        )
    return text
