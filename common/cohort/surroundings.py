"""What a folder says of the slides in it and below it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.cohort.layouts import ANNOTATION_FOLDERS, ANNOTATION_SUFFIXES
from common.cohort.stages import FILE_NAME, read_stages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """One folder around a slide.

    Attributes
    ----------
    name : str
        Its own name, such as ``centre_0``.
    annotations : mapping of str to sequence of Path
        By name without suffix, the annotations in it and in its folders of annotations.
    stages : mapping of str to str, or None
        Slide labels by slide id, where it holds CAMELYON17's table of them.
    """

    name: str
    annotations: Mapping[str, Sequence[Path]]
    stages: Mapping[str, str] | None


def surroundings(folder: Path) -> Surroundings:
    """Look around in `folder`; subfolders other than those of annotations are not entered."""
    files = _listing(folder)
    annotations: dict[str, list[Path]] = defaultdict(list)
    for place in [folder, *(path for path in files if path.name.lower() in ANNOTATION_FOLDERS)]:
        for path in files if place is folder else _listing(place):
            if path.suffix.lower() in ANNOTATION_SUFFIXES and not path.name.startswith("."):
                annotations[path.stem].append(path)
    tables = [path for path in files if path.name == FILE_NAME]
    return Surroundings(folder.name, dict(annotations), read_stages(tables[0]) if tables else None)


def _listing(folder: Path) -> list[Path]:
    """What is in `folder`, sorted; nothing where the folder around the slides is closed to us."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
