"""The groups of the original CamNet's layout, and what has a place in them."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError
from common.patch_file import schema
from common.patch_file.check import check
from common.patch_file.reader import PatchFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NUMBERS: Final = {
    "centre": re.compile(r"(?:centre_?)?(\d+)"),
    "patient": re.compile(r"(?:patient_?)?(\d+)"),
    "node": re.compile(r"(?:node_?)?(\d+)"),
}


@dataclass(frozen=True)
class Node:
    """One slide, and the group its patches go to.

    Attributes
    ----------
    group : str
        Below class and level, such as ``centre0/patient010/node4``.
    paths : tuple of Path
        Its patch files, one or all its parts in order.
    patch_size : int, px
    """

    group: str
    paths: tuple[Path, ...]
    patch_size: int


def nodes_of(paths: Sequence[Path]) -> list[Node]:
    """The slides of some patch files, in order of their groups.

    Raises
    ------
    ConfigError
        If something has no place in the layout, naming every file it is so with.
    ContractError
        If a patch file is damaged.
    """
    headers = {path: check(path) for path in paths}
    size = next(iter(headers.values())).patch_size
    groups: dict[str, list[Path]] = {}
    for path, header in headers.items():
        groups.setdefault(_group(header), []).append(path)
    problems = [text for path, header in headers.items() for text in _unfit(path, header, size)]
    problems += [text for group, mine in groups.items() for text in _shared(group, mine, headers)]
    if problems:
        advice = "The CamNet layout has no place for these: complete them, or leave the files out"
        raise ConfigError("\n".join([*problems, advice]))
    for mine in groups.values():
        mine.sort(key=lambda path: headers[path].part)
    return [Node(group, tuple(groups[group]), size) for group in sorted(groups)]


def _group(header: schema.Header) -> str:
    found = {item: pattern.fullmatch(getattr(header, item)) for item, pattern in _NUMBERS.items()}
    return "/".join(f"{item}{match[1] if match else '?'}" for item, match in found.items())


def _unfit(path: Path, header: schema.Header, size: int) -> Iterator[str]:
    for item, pattern in _NUMBERS.items():
        if not pattern.fullmatch(said := getattr(header, item)):
            yield f"{path}: {item}: expected a number, found {said!r}"
    if header.patch_size != size:
        found = f"{header.patch_size}"
        yield f"{path}: patch_size: expected {size}, as in the first file, found {found}"
    with closing(PatchFile(path)) as source:
        if source.codec == "none":
            yield f"{path}: /{schema.PATCHES}: expected pixels, found locations only"
        if unknown := int((source.labels == schema.UNKNOWN).sum()):
            yield f"{path}: /{schema.LABELS}: expected 0 or 1, found -1 (not known) {unknown} times"


def _shared(group: str, paths: list[Path], headers: dict[Path, schema.Header]) -> Iterator[str]:
    slides = sorted({headers[path].slide_id for path in paths})
    if "?" not in group and len(slides) > 1:
        yield f"{paths[0]}: {group}: expected one slide, found {', '.join(slides)}"
