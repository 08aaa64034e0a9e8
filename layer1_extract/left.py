"""What earlier runs left to do, told from the names of files alone: no slide is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import read_outcome
from common.parts import parse_part
from common.patch_file.reader import FOLDER as PATCHES
from common.patch_file.schema import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.units import Unit


def left_of(
    units: Sequence[Unit], out: Path, *, retry_failed: bool = False
) -> tuple[list[int], set[str]]:
    """The units that have no result, by their place, and the slides that failed before.

    A unit is taken for finished where its outcome and its patch file are there, or those of the
    whole slide. Whether they still hold is for `extract` and `merge`, which read them.

    Parameters
    ----------
    units : sequence of Unit
    out : Path
        Folder of the results; may be absent.
    retry_failed : bool
        Whether slides that failed before, in whichever part, are to be done again.

    Returns
    -------
    left : list of int
    failed : set of str
        Slide ids.
    """
    told, files = names_in(out / OUTCOMES, ".json"), names_in(out / PATCHES, SUFFIX)
    done = told & files
    lost = {name: read_outcome(out, name) for name in told - files}
    failed = {
        parse_part(name)[0]
        for name, outcome in lost.items()
        if outcome is not None and outcome.status == "failed"
    }
    over = done if retry_failed else done | failed
    left = [
        place
        for place, unit in enumerate(units)
        if unit.entry.slide_id not in over and unit.name not in done
    ]
    return left, failed & {unit.entry.slide_id for unit in units}


def names_in(folder: Path, suffix: str) -> set[str]:
    """Names in a folder without their suffix; hidden files are not finished."""
    return {path.name.removesuffix(suffix) for path in folder.glob(f"[!.]*{suffix}")}
