"""What slides there are, with what each says of itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from common.cli import Result
from common.cohort import SlideEntry, read_cohort, write_cohort
from common.cohort.exceptions import exception_of
from common.cohort.layouts import MASK_SUFFIXES
from common.errors import SlideError
from common.openslide_slide import OpenSlideSlide
from common.progress import progress

if TYPE_CHECKING:
    from pathlib import Path


def scan_cohort(slides: Path, out: Path, mpp: float | None) -> Result:
    """Write the cohort CSV; a slide that cannot be opened is listed, named, and gives status 3.

    What is known to be wrong with a slide of CAMELYON is said of it; the CSV has what the cohort
    says, which `extract` puts right.

    Parameters
    ----------
    slides : Path
        A slide, a folder or a cohort CSV.
    out : Path
        The CSV; one already there is replaced.
    mpp : float or None, um/px
        Scale of slides that do not say theirs.
    """
    entries, problems = [], []
    for entry in progress(read_cohort(slides, mpp), "scan"):
        scanned, problem = _scanned(entry)
        entries.append(scanned)
        problems += [problem] if problem else []
    write_cohort(entries, out)
    lines = [_line(entry) for entry in entries]
    known = [exception_of(entry.slide_id) for entry in entries]
    notes = [exception.note for exception in known if exception is not None]
    text = "\n".join([*lines, f"{len(entries)} slides in {out}", *notes, *problems])
    data = {
        "out": str(out),
        "slides": [{k: _plain(v) for k, v in asdict(entry).items()} for entry in entries],
        "notes": notes,
        "problems": problems,
    }
    return Result(text, data, SlideError.exit_status if problems else 0)


def _scanned(entry: SlideEntry) -> tuple[SlideEntry, str]:
    slide = OpenSlideSlide.of(entry)
    try:
        return replace(entry, mpp=slide.pyramid.mpp), ""
    except SlideError as error:
        return entry, str(error)


def _line(entry: SlideEntry) -> str:
    mpp = "mpp unknown" if entry.mpp is None else f"{entry.mpp:g} um/px"
    known = [entry.patient, entry.node and f"node {entry.node}"]
    known += [entry.centre and f"centre {entry.centre}", entry.slide_label]
    if entry.annotation:
        is_mask = entry.annotation.suffix.lower() in MASK_SUFFIXES
        known += ["annotated by a mask" if is_mask else "annotated"]
    return f"{entry.slide_id}: {mpp}{''.join(f', {text}' for text in known if text)}"


def _plain(value: object) -> object:
    return value if isinstance(value, str | float | None) else str(value)
