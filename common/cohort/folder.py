"""The slides in a folder, or one slide, with what lies around them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from common.cohort import layouts
from common.cohort.dicom import SUFFIX, one_per_series
from common.cohort.entry import SlideEntry
from common.cohort.surroundings import listing, surroundings
from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from common.cohort.surroundings import Surroundings


def read_folder(folder: Path) -> list[SlideEntry]:
    """Every slide in `folder` and below it.

    Masks, hidden files and the data folders of MIRAX slides are left out; the files of a DICOM
    series are one slide (`common.cohort.dicom`). A slide's annotation is the XML or GeoJSON of its
    name; else, unless it is known to be negative, the mask TIFF of its name.

    Raises
    ------
    ConfigError
        If the folder holds no slide or cannot be read, a name cannot be a slide id, two
        annotations claim one slide, a link leads nowhere, or a ``stages.csv`` has mistakes.
    """
    paths = [Path(base, name) for base, names in _walk(folder) for name in names]
    slides = [path for path in paths if layouts.is_slide(path)]
    _refuse_lost_links(paths)
    if not slides:
        raise ConfigError(
            f"{folder}: expected slides ({', '.join(sorted(layouts.SLIDE_SUFFIXES))}), found none "
            f"among {len(paths)} files. In a container, links to slides can be followed only "
            "where their targets are bound too"
        )
    return _entries(one_per_series(slides), folder)


def read_slide(slide: Path) -> list[SlideEntry]:
    """The entry of one slide, by one of its files, from what lies around it."""
    if slide.suffix.lower() != SUFFIX:
        return _entries([(slide, slide.stem)], slide.parent)
    beside = [path for path in listing(slide.parent) if layouts.is_slide(path)]
    named = one_per_series(beside, having=slide) or [(slide, slide.stem)]
    return _entries(named, slide.parent)


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


def _refuse_lost_links(paths: Iterable[Path]) -> None:
    """Refuse links to nowhere that may stand for folders; a lost slide is for its own outcome."""
    for path in paths:
        lost = not path.suffix and path.is_symlink() and not path.exists()
        if lost and not path.name.startswith("."):
            raise ConfigError(
                f"{path}: expected a link to a folder or a file, found nothing at "
                f"{path.readlink()}. In a container, bind its target too"
            )


def _entries(slides: Iterable[tuple[Path, str]], folder: Path) -> list[SlideEntry]:
    """Entries of `slides` by path and slide_id, all in or below `folder`."""
    top = folder.parent if layouts.is_part(folder.name) else folder
    look = cache(surroundings)
    return [
        _entry(slide, slide_id, [look(place) for place in _places(slide, top)])
        for slide, slide_id in slides
    ]


def _places(slide: Path, top: Path) -> list[Path]:
    """The folders `slide` is in, innermost first, up to `top`."""
    folders = list(slide.parents)
    return folders[: folders.index(top) + 1]


def _entry(slide: Path, slide_id: str, around: Sequence[Surroundings]) -> SlideEntry:
    tables = [place.stages for place in around if place.stages is not None]
    staged = (table.get(slide_id, "") for table in tables)
    patient, node = layouts.patient_and_node(slide_id)
    folders = [place.name for place in around]
    label = next(filter(None, staged), layouts.label_in_name(slide_id))
    try:
        return SlideEntry(
            slide_id=slide_id,
            path=slide,
            patient=patient,
            node=node,
            centre=layouts.centre(slide_id, folders, is_camelyon17=bool(tables)),
            slide_label=label,
            annotation=_annotation(slide, slide_id, label, around),
        )
    except ValueError as error:
        raise ConfigError(f"{slide}: {error}. Rename it, or name it in a cohort CSV") from error


def _annotation(
    slide: Path, slide_id: str, label: str, around: Sequence[Surroundings]
) -> Path | None:
    """The drawn annotation of a slide; else its mask, which a slide without tumour does not need.

    CAMELYON's masks of normal slides hold normal tissue alone, in a number that other masks use
    for tumour.
    """
    found = [path for place in around for path in place.annotations.get(slide_id, ())]
    if not found and label != layouts.NEGATIVE:
        found = [path for place in around for path in place.masks.get(slide_id, ())]
    if len(found) > 1:
        raise ConfigError(
            f"{slide}: annotation: expected one, found {found[0]} and {found[1]}. "
            "Remove one, or name the one to use in a cohort CSV"
        )
    return found[0] if found else None
