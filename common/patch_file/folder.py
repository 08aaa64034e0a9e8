"""Which files of a folder are its patch files, told by their names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError, ContractError
from common.parts import parse_part
from common.patch_file.schema import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FOLDER: Final = "patches"


def patch_paths(folder: Path) -> list[Path]:
    """The patch files of a folder, or of its ``patches`` folder, by slide and part.

    Parts are taken as their slide when all of them are there.

    Raises
    ------
    ConfigError
        Where there are none.
    ContractError
        Where parts of a slide are missing, or parts and a whole file stand side by side.
    """
    paths = named_paths(folder)
    for violation in part_violations(paths):
        raise violation
    return paths


def named_paths(folder: Path) -> list[Path]:
    """What has the name of a patch file in a folder, or in its ``patches`` folder, in order.

    Raises
    ------
    ConfigError
        Where there is none.
    """
    inside = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    paths = sorted(p for p in inside.glob(f"*{SUFFIX}") if not p.name.startswith("."))
    if not paths:
        raise ConfigError(
            f"{inside}: expected patch files (*{SUFFIX}), found none. "
            "Give the folder layer1-extract wrote"
        )
    return paths


def part_violations(paths: Sequence[Path]) -> Iterator[ContractError]:
    """Incomplete sets of parts in one folder; told by name, before any file is opened."""
    folder, names = paths[0].parent, set(paths)
    found: dict[tuple[str, int], set[int]] = defaultdict(set)
    for path in paths:
        name = path.name.removesuffix(SUFFIX)
        slide_id, part, parts = parse_part(name)
        if name != slide_id:
            found[slide_id, parts].add(part)
    for (slide_id, parts), there in found.items():
        missing = sorted(set(range(parts)) - there)
        if missing:
            said = ", ".join(f"{part}" for part in missing)
            yield ContractError(
                folder, slide_id, f"{parts} parts", f"no part {said}", "Extract what is missing"
            )
        whole = folder / f"{slide_id}{SUFFIX}"
        if whole in names or sum(slide_id == other for other, _ in found) > 1:
            yield ContractError(
                folder,
                slide_id,
                "one set of parts, or one whole file",
                "both",
                "layer1-extract merge --join leaves one",
            )
