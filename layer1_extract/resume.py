"""What an earlier run left of a slide or part, and whether it still holds.

Finished means: the patch file passes its check, and follows from this slide's content, this
configuration, and what cohort, annotation and mask say now. That a file exists says nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from common.config import digest
from common.errors import ContractError, PipelineError, SlideError
from common.outcomes import Outcome, attempt, note_seen, outcome_path, read_outcome
from common.patch_file.check import check
from common.slide_changes import seen_of
from common.slide_paths import slide_paths
from common.slide_reader import slide_of
from common.tissue import areas_of, given_mask, mask_bytes, mask_hash
from layer1_extract.extraction import patch_path, preview_path
from layer1_extract.inputs import bring_back, differing, inputs_of, lost_labels
from layer1_extract.stored_pixels import stored_otherwise

if TYPE_CHECKING:
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.staging import Scratch
    from common.units import Unit
    from layer1_extract.config import ExtractSettings

_KEPT: Final = "its patches of an earlier run are kept as they are"

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
    scratch : Scratch or None
        Where slides are copied to before they are read; nothing depends on it.
    """

    out: Path
    settings: ExtractSettings
    masks: Path | None = None
    scratch: Scratch | None = None

    @cached_property
    def config_sha256(self) -> str:
        """Which configuration the files are made with."""
        return digest(self.settings)


def finished(
    unit: Unit, run: Run, *, level: int = logging.WARNING, note: bool = False
) -> Outcome | None:
    """The outcome of what an earlier run finished and what is still right; None if there is none.

    A whole slide is as good as each of its parts.

    Parameters
    ----------
    unit : Unit
    run : Run
    level : int
        Of the log's lines that say why something that is there is no longer right.
    note : bool
        Write into its outcome what the slide's files are by now, so that they are not read again
        before they are touched again.
    """
    seen = seen_of(unit.entry)  # before they are read
    for name in dict.fromkeys((unit.name, unit.entry.slide_id)):
        outcome = _left(name, run, level)
        if outcome is not None and _still_right(name, outcome, unit.entry, run, level):
            if note:
                note_seen(run.out, outcome, seen)
            return replace(outcome, seconds=0.0)
    return None


def vanished(unit: Unit, run: Run) -> Outcome | None:
    """The failure of a slide of which there is a whole result, and that cannot be reached now.

    Nothing of it is touched: when the slide is back it is finished. A slide whose given mask cannot
    be read is such a slide too. None for any other.
    """
    names = (unit.name, unit.entry.slide_id)
    if all(_left(name, run, logging.DEBUG) is None for name in names):
        return None
    look = _mask_read if _reachable(unit.entry) else _opened
    outcome = attempt(unit.entry.slide_id, lambda: look(unit.entry, run), slide_paths(unit.entry))
    if outcome.status != "failed":
        return None  # nothing is wrong, or it came back meanwhile
    return replace(outcome, notes=[_KEPT], part=unit.part, parts=unit.parts)


def unlabelled(unit: Unit, run: Run) -> Outcome | None:
    """The failure of a slide of whose labels the source is gone, and of which there is a result.

    An annotation that is looked for beside the slides, or a table of labels, may be out of reach
    for a moment: labelled patches are not replaced by others without. Nothing of it is touched.
    None for any other slide.
    """
    for name in dict.fromkeys((unit.name, unit.entry.slide_id)):
        outcome = _left(name, run, logging.DEBUG)
        if outcome is not None and (lost := lost_labels(outcome.inputs, unit.entry)):
            return Outcome(
                unit.entry.slide_id,
                "failed",
                f"{unit.entry.path}: {lost}: expected one, as in the run of before, found none. "
                f"{bring_back(outcome_path(run.out, name))}",
                exit_status=SlideError.exit_status,
                notes=[_KEPT],
                part=unit.part,
                parts=unit.parts,
            )
    return None


def _left(name: str, run: Run, level: int) -> Outcome | None:
    """The outcome of a whole result of this configuration, whatever its slide is now."""
    path = patch_path(run.out, name)
    if not path.exists() or not preview_path(run.out, name).exists():
        return None
    try:
        outcome = read_outcome(run.out, name)
        header, otherwise = check(path), stored_otherwise(path, run.settings.storage)
    except ContractError as error:
        log.log(level, "%s is done anew: %s", name, error)
        return None
    if outcome is None or outcome.status == "failed":
        return None
    if header.config_sha256 != run.config_sha256:
        log.log(level, "%s is done anew: other than before: ['configuration']", name)
        return None
    if otherwise:
        log.log(level, "%s is done anew: %s", name, otherwise)
        return None
    return outcome


def _still_right(name: str, outcome: Outcome, entry: SlideEntry, run: Run, level: int) -> bool:
    try:
        inputs = _inputs(entry, run)
    except PipelineError as error:
        log.log(level, "%s is tried anew: %s", name, error)
        return False
    changed = differing(outcome.inputs, inputs)
    if changed and not lost_labels(outcome.inputs, entry):
        log.log(level, "%s is done anew: other than before: %s", name, changed)
    return not changed


def _inputs(entry: SlideEntry, run: Run) -> dict[str, str]:
    given = mask_hash(run.masks, entry.slide_id)
    return inputs_of(entry, slide_of(entry, run.settings.slide.reader), given)


def _opened(entry: SlideEntry, run: Run) -> Outcome:
    return Outcome(entry.slide_id, "done", inputs=_inputs(entry, run))


def _mask_read(entry: SlideEntry, run: Run) -> Outcome:
    path = given_mask(run.masks, entry.slide_id)
    if path is not None:
        areas_of(mask_bytes(path), path)
    return Outcome(entry.slide_id, "done")


def _reachable(entry: SlideEntry) -> bool:
    """Whether all files of slide and annotation can be read at all, whatever they hold."""
    return all(_can_be_read(path) for path in slide_paths(entry))


def _can_be_read(path: Path) -> bool:
    try:
        if path.is_dir():
            return True
        with path.open("rb") as stream:
            stream.read(1)
    except OSError:
        return False
    return True
