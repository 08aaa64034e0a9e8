"""Patch files that hold the same patches under two names."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from common.patch_file.reader import PatchFile
from common.patch_file.schema import MINED
from layer2_train.content import pixels_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer2_train.splits import Source


def with_twins(sources: Sequence[Source], paths: Sequence[Path]) -> tuple[Source, ...]:
    """The sources, those that hold the same patches with the same `Source.twin`.

    The same are files with equal places, labels, and pixels in a few patches spread through them.
    Pixels are read only where places and labels are equal: of two slides those hardly ever are,
    except in imported patches, which have no place. Mined files repeat patches on purpose.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    for place, source in enumerate(sources):
        if source.patches and source.sampling != MINED:
            alike[source.content_sha256].append(place)
    twins: dict[str, list[int]] = defaultdict(list)
    for own in alike.values():
        for place in own if len(own) > 1 else []:
            with closing(PatchFile(paths[place])) as file:
                twins[sources[place].content_sha256 + pixels_sha256(file)].append(place)
    names = {place: name for name, own in twins.items() if len(own) > 1 for place in own}
    return tuple(replace(s, twin=names.get(place, "")) for place, s in enumerate(sources))


def duplicates(sources: Sequence[Source]) -> tuple[tuple[Source, ...], ...]:
    """Sources that hold the same patches, those of each set in order."""
    found: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        if source.twin:
            found[source.twin].append(source)
    return tuple(tuple(own) for own in found.values())


def said(same: Sequence[Source]) -> str:
    """A set of duplicates in words: the files, and what they call themselves.

    Examples
    --------
    >>> from layer2_train.splits import Source
    >>> one = Source("a.h5", "a", "p", "0", "", "f", 1, 1, 0)
    >>> said([one, Source("b.h5", "b", "q", "1", "", "g", 1, 1, 0)])
    'a.h5 (patient p, centre 0) and b.h5 (patient q, centre 1) hold the same patches'
    """
    return f"{' and '.join(_called(source) for source in same)} hold the same patches"


def _called(source: Source) -> str:
    whose = {"patient": source.patient, "centre": source.centre}
    told = ", ".join(f"{what} {name}" for what, name in whose.items() if name)
    return f"{source.file} ({told})" if told else source.file
