"""A cohort to a folder of patch files: resume, spread over processes, record every outcome."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import cv2

from common.config import digest
from common.errors import ContractError, SlideError
from common.files import set_aside
from common.openslide_slide import OpenSlideSlide
from common.outcomes import Outcome, attempt, forget, read_outcome, write_outcome
from common.patch_file.check import check
from common.patch_file.reader import FOLDER as PATCH_FOLDER
from common.patch_file.reader import PatchFile
from common.patch_file.schema import SUFFIX
from common.progress import progress
from common.provenance import log_head
from common.run_folder import claim
from layer1_extract.extraction import extract_slide, inputs_of, patch_path, preview_path
from layer1_extract.workers import spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer1_extract.config import ExtractSettings

log = logging.getLogger(__name__)


def extract(
    entries: Sequence[SlideEntry],
    out: Path,
    settings: ExtractSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> tuple[list[Outcome], int]:
    """Extract the patches of each slide; those an earlier run finished are kept.

    Parameters
    ----------
    entries : sequence of SlideEntry
    out : Path
        Folder of the results: ``patches/``, ``previews/``, ``outcomes/``.
    settings : ExtractSettings
    workers : int
        Processes, one slide each at a time. The patches do not depend on it.
    overwrite : bool
        Do finished slides anew.

    Returns
    -------
    outcomes : list of Outcome
        One per slide, in the order of `entries`.
    kept : int
        How many were finished before.
    """
    claim(out, settings, overwrite=overwrite)
    log.info(log_head(digest(settings)))
    if overwrite:
        _set_aside_others(out, settings)
    finished = {} if overwrite else finished_outcomes(entries, out, settings)
    todo = [entry for entry in entries if entry.slide_id not in finished]
    work = partial(_extract_and_record, out=out, settings=settings)
    died = partial(_record_death, out=out)
    fresh = progress(spread(work, todo, workers, died), "extract", total=len(todo))
    both = {**finished, **{outcome.slide_id: outcome for outcome in fresh}}
    return [both[entry.slide_id] for entry in entries], len(finished)


def finished_outcomes(
    entries: Sequence[SlideEntry], out: Path, settings: ExtractSettings
) -> dict[str, Outcome]:
    """Outcomes of the slides an earlier run finished, by slide id.

    Finished means: the patch file passes its check, and follows from this slide's content, this
    configuration, and what the cohort and the annotation say now. That a file exists says nothing.
    """
    found = {entry.slide_id: _finished_outcome(entry, out, settings) for entry in entries}
    return {slide_id: outcome for slide_id, outcome in found.items() if outcome is not None}


def _finished_outcome(entry: SlideEntry, out: Path, settings: ExtractSettings) -> Outcome | None:
    path = patch_path(out, entry.slide_id)
    if not path.exists() or not preview_path(out, entry.slide_id).exists():
        return None
    try:
        outcome = read_outcome(out, entry.slide_id)
        header = check(path)
        inputs = inputs_of(entry, OpenSlideSlide.of(entry))
    except (ContractError, SlideError) as error:
        log.warning("%s is done anew: %s", entry.slide_id, error)
        return None
    if outcome is None or outcome.status == "failed":
        return None
    changed = {key for key, value in inputs.items() if outcome.inputs.get(key) != value}
    if header.config_sha256 != digest(settings):
        changed.add("configuration")
    if changed:
        log.warning("%s is done anew: other than before: %s", entry.slide_id, sorted(changed))
        return None
    return replace(outcome, seconds=0.0)


def _extract_and_record(entry: SlideEntry, out: Path, settings: ExtractSettings) -> Outcome:
    cv2.setNumThreads(1)  # a worker is one core
    forget(out, entry.slide_id)  # killed half-way, the old outcome must not stand for new files
    outcome = attempt(entry.slide_id, lambda: extract_slide(entry, out, settings))
    _record(outcome, out)
    return outcome


def _record_death(entry: SlideEntry, out: Path) -> Outcome:
    """The outcome of a slide whose process died with it."""
    reason = (
        f"{entry.path}: slide: expected to be read, found that the process reading it was killed, "
        "out of memory or by its decoder. Try it alone with --workers 1"
    )
    outcome = Outcome(entry.slide_id, "failed", reason, exit_status=SlideError.exit_status)
    _record(outcome, out)
    return outcome


def _record(outcome: Outcome, out: Path) -> None:
    """Write an outcome; what an earlier run left of a failed slide is no longer a result."""
    if outcome.status == "failed" and (aside := set_aside(patch_path(out, outcome.slide_id))):
        log.warning("%s: its older patch file is set aside as %s", outcome.slide_id, aside)
    write_outcome(out, outcome)


def _set_aside_others(out: Path, settings: ExtractSettings) -> None:
    """Move patch files of another configuration away: a folder holds results of one."""
    for path in sorted((out / PATCH_FOLDER).glob(f"[!.]*{SUFFIX}")):
        try:
            same = PatchFile(path).header.config_sha256 == digest(settings)
        except ContractError:
            same = False
        if not same:
            log.warning("%s is of another configuration: set aside as %s", path, set_aside(path))
