"""The slides in a folder, or one slide, with what lies around them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from common.cohort import layouts
from common.cohort.entry import SlideEntry
from common.cohort.surroundings import surroundings
from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from common.cohort.surroundings import Surroundings


def read_folder(folder: Path) -> list[SlideEntry]:
    """Every slide in `folder` and below it.

    Masks, hidden files and the data folders of MIRAX slides are left out. Each ``.dcm`` file
    counts as a slide, so a DICOM slide of several files belongs in a cohort CSV, by one of them.

    Raises
    ------
    ConfigError
        If the folder holds no slide or cannot be read, a name cannot be a slide id, two
        annotations claim one slide, or a ``stages.csv`` has mistakes.
    """
    paths = [Path(base, name) for base, names in _walk(folder) for name in names]
    slides = [path for path in paths if layouts.is_slide(path)]
    if not slides:
        raise ConfigError(
            f"{folder}: expected slides ({', '.join(sorted(layouts.SLIDE_SUFFIXES))}), found none "
            f"among {len(paths)} files. In a container, links to slides can be followed only "
            "where their targets are bound too"
        )
    return _entries(slides, folder)


def read_slide(slide: Path) -> list[SlideEntry]:
    """The entry of one slide file, from what lies around it."""
    return _entries([slide], slide.parent)


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Every folder that may hold slides, with its files; each once, whatever links there are."""
    seen: set[str] = set()
    for base, folders, files in os.walk(folder, onerror=_unreadable, followlinks=True):
        real = os.path.realpath(base)
        mirax = {Path(name).stem for name in files if name.lower().endswith(".mrxs")}
        kept = [name for name in folders if layouts.has_slides(name) and name not in mirax]
        folders[:] = [] if real in seen else sorted(kept)
        if real not in seen:
            yield base, sorted(files)
        seen.add(real)


def _unreadable(error: OSError) -> None:
    raise ConfigError(
        f"{error.filename}: expected a readable folder, found {error.strerror}"
    ) from error


def _entries(slides: Iterable[Path], folder: Path) -> list[SlideEntry]:
    """Entries of `slides`, all in or below `folder`."""
    top = folder.parent if layouts.is_part(folder.name) else folder
    look = cache(surroundings)
    return [_entry(slide, [look(place) for place in _places(slide, top)]) for slide in slides]


def _places(slide: Path, top: Path) -> list[Path]:
    """The folders `slide` is in, innermost first, up to `top`."""
    folders = list(slide.parents)
    return folders[: folders.index(top) + 1]


def _entry(slide: Path, around: Sequence[Surroundings]) -> SlideEntry:
    slide_id = slide.stem
    tables = [place.stages for place in around if place.stages is not None]
    staged = (table.get(slide_id, "") for table in tables)
    patient, node = layouts.patient_and_node(slide_id)
    folders = [place.name for place in around]
    try:
        return SlideEntry(
            slide_id=slide_id,
            path=slide,
            patient=patient,
            node=node,
            centre=layouts.centre(slide_id, folders, is_camelyon17=bool(tables)),
            slide_label=next(filter(None, staged), layouts.label_in_name(slide_id)),
            annotation=_annotation(slide, around),
        )
    except ValueError as error:
        raise ConfigError(f"{slide}: {error}. Rename it, or name it in a cohort CSV") from error


def _annotation(slide: Path, around: Sequence[Surroundings]) -> Path | None:
    found = [path for place in around for path in place.annotations.get(slide.stem, ())]
    if len(found) > 1:
        raise ConfigError(
            f"{slide}: annotation: expected one, found {found[0]} and {found[1]}. "
            "Remove one, or name the one to use in a cohort CSV"
        )
    return found[0] if found else None
