"""What an earlier run left of a slide or part, and whether it still holds.

Finished means: the patch file passes its check, and follows from this slide's content, this
configuration, and what cohort, annotation and mask say now. That a file exists says nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from common.config import digest
from common.errors import ContractError, PipelineError
from common.outcomes import Outcome, attempt, read_outcome
from common.patch_file.check import check
from common.slide_reader import slide_of
from layer1_extract.extraction import inputs_of, patch_path, preview_path

if TYPE_CHECKING:
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer1_extract.config import ExtractSettings
    from layer1_extract.units import Unit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """What is asked of a run, the same for each of its slides.

    Attributes
    ----------
    out : Path
        Folder of the results.
    settings : ExtractSettings
    masks : Path or None
        Folder of masks that a person corrected.
    """

    out: Path
    settings: ExtractSettings
    masks: Path | None = None

    @cached_property
    def config_sha256(self) -> str:
        """Which configuration the files are made with."""
        return digest(self.settings)


def finished(unit: Unit, run: Run, *, level: int = logging.WARNING) -> Outcome | None:
    """The outcome of what an earlier run finished and what is still right; None if there is none.

    A whole slide is as good as each of its parts.

    Parameters
    ----------
    unit : Unit
    run : Run
    level : int
        Of the log's lines that say why something that is there is no longer right.
    """
    for name in dict.fromkeys((unit.name, unit.entry.slide_id)):
        outcome = _left(name, run, level)
        if outcome is not None and _still_right(name, outcome, unit.entry, run, level):
            return replace(outcome, seconds=0.0)
    return None


def vanished(unit: Unit, run: Run) -> Outcome | None:
    """The failure of a slide that cannot be reached now, and of which there is a whole result.

    Nothing of it is touched: when the slide is back it is finished. None for any other slide.
    """
    names = (unit.name, unit.entry.slide_id)
    if _reachable(unit.entry) or all(_left(name, run, logging.DEBUG) is None for name in names):
        return None
    outcome = attempt(unit.entry.slide_id, lambda: _opened(unit.entry, run))
    if outcome.status != "failed":
        return None  # it came back meanwhile
    note = "its patches of an earlier run are kept as they are"
    return replace(outcome, notes=[note], part=unit.part, parts=unit.parts)


def _left(name: str, run: Run, level: int) -> Outcome | None:
    """The outcome of a whole result of this configuration, whatever its slide is now."""
    path = patch_path(run.out, name)
    if not path.exists() or not preview_path(run.out, name).exists():
        return None
    try:
        outcome = read_outcome(run.out, name)
        header = check(path)
    except ContractError as error:
        log.log(level, "%s is done anew: %s", name, error)
        return None
    if outcome is None or outcome.status == "failed":
        return None
    if header.config_sha256 != run.config_sha256:
        log.log(level, "%s is done anew: other than before: ['configuration']", name)
        return None
    return outcome


def _still_right(name: str, outcome: Outcome, entry: SlideEntry, run: Run, level: int) -> bool:
    try:
        inputs = _inputs(entry, run)
    except PipelineError as error:
        log.log(level, "%s is tried anew: %s", name, error)
        return False
    changed = sorted(key for key, value in inputs.items() if outcome.inputs.get(key) != value)
    if changed:
        log.log(level, "%s is done anew: other than before: %s", name, changed)
    return not changed


def _inputs(entry: SlideEntry, run: Run) -> dict[str, str]:
    return inputs_of(entry, slide_of(entry, run.settings.slide.reader), run.masks)


def _opened(entry: SlideEntry, run: Run) -> Outcome:
    return Outcome(entry.slide_id, "done", inputs=_inputs(entry, run))


def _reachable(entry: SlideEntry) -> bool:
    """Whether slide and annotation can be read at all, whatever they hold."""
    paths = [entry.path, *([entry.annotation] if entry.annotation else [])]
    return all(_can_be_read(path) for path in paths)


def _can_be_read(path: Path) -> bool:
    try:
        if path.is_dir():
            return True
        with path.open("rb") as stream:
            stream.read(1)
    except OSError:
        return False
    return True
