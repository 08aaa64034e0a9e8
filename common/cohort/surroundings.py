"""What a folder says of the slides in it and below it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.cohort.layouts import (
    ANNOTATION_FOLDERS,
    ANNOTATION_SUFFIXES,
    MASK_FOLDERS,
    masked_slide,
)
from common.cohort.stages import FILE_NAME, read_stages

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
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
    masks : mapping of str to sequence of Path
        By slide id, the mask TIFFs in it and in its folders of masks.
    stages : mapping of str to str, or None
        Slide labels by slide id, where it holds CAMELYON17's table of them.
    """

    name: str
    annotations: Mapping[str, Sequence[Path]]
    masks: Mapping[str, Sequence[Path]]
    stages: Mapping[str, str] | None


def surroundings(folder: Path) -> Surroundings:
    """Look around in `folder`; subfolders other than those of annotations are not entered."""
    files = listing(folder)
    annotations: dict[str, list[Path]] = defaultdict(list)
    for path in _with_those_in(ANNOTATION_FOLDERS, files):
        if path.suffix.lower() in ANNOTATION_SUFFIXES and not path.name.startswith("."):
            annotations[path.stem].append(path)
    masks: dict[str, list[Path]] = defaultdict(list)
    for path in _with_those_in(MASK_FOLDERS, files):
        if slide_id := masked_slide(path):
            masks[slide_id].append(path)
    tables = [path for path in files if path.name == FILE_NAME]
    stages = read_stages(tables[0]) if tables else None
    return Surroundings(folder.name, dict(annotations), dict(masks), stages)


def _with_those_in(names: Collection[str], files: list[Path]) -> list[Path]:
    """`files`, then what is in those of them that are folders of these names."""
    inner = [path for path in files if path.name.lower() in names]
    return files + [path for place in inner for path in listing(place)]


def listing(folder: Path) -> list[Path]:
    """What is in `folder`, sorted; nothing where the folder around the slides is closed to us."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
