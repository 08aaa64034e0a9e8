"""A cohort to a folder of patch files: resume, spread over processes, record every outcome."""

from __future__ import annotations

import logging
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import cv2

from common.config import digest
from common.errors import ContractError, SlideError
from common.openslide_slide import OpenSlideSlide
from common.outcomes import Outcome, attempt, read_outcome, write_outcome
from common.patch_file.check import check
from common.progress import progress
from common.provenance import log_head
from common.run_folder import claim
from layer1_extract.extraction import extract_slide, patch_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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
    finished = {} if overwrite else finished_outcomes(entries, out, settings)
    todo = [entry for entry in entries if entry.slide_id not in finished]
    work = partial(_extract_and_record, out=out, settings=settings)
    fresh = progress(_mapped(work, todo, workers), "extract", total=len(todo))
    both = {**finished, **{outcome.slide_id: outcome for outcome in fresh}}
    return [both[entry.slide_id] for entry in entries], len(finished)


def finished_outcomes(
    entries: Sequence[SlideEntry], out: Path, settings: ExtractSettings
) -> dict[str, Outcome]:
    """Outcomes of the slides an earlier run finished, by slide id.

    Finished means: the patch file passes its check, and is of this slide's content and this
    configuration. That a file exists says nothing.
    """
    found = {entry.slide_id: _finished_outcome(entry, out, settings) for entry in entries}
    return {slide_id: outcome for slide_id, outcome in found.items() if outcome is not None}


def _finished_outcome(entry: SlideEntry, out: Path, settings: ExtractSettings) -> Outcome | None:
    path = patch_path(out, entry.slide_id)
    if not path.exists():
        return None
    try:
        outcome = read_outcome(out, entry.slide_id)
        header = check(path)
        slide = OpenSlideSlide.of(entry)
        same = (header.slide_fingerprint, header.level0_mpp, header.config_sha256) == (
            slide.fingerprint,
            slide.pyramid.mpp,
            digest(settings),
        )
    except (ContractError, SlideError) as error:
        log.warning("%s is done anew: %s", entry.slide_id, error)
        return None
    if not same:
        log.warning("%s is done anew: the slide or the configuration changed", entry.slide_id)
    if not same or outcome is None or outcome.status == "failed":
        return None
    return replace(outcome, seconds=0.0)


def _extract_and_record(entry: SlideEntry, out: Path, settings: ExtractSettings) -> Outcome:
    cv2.setNumThreads(1)  # a worker is one core
    outcome = attempt(entry.slide_id, lambda: extract_slide(entry, out, settings))
    write_outcome(out, outcome)
    return outcome


def _mapped(
    work: partial[Outcome], entries: Sequence[SlideEntry], workers: int
) -> Iterable[Outcome]:
    """`work` of each entry, in order; fresh processes, since forked ones would share handles."""
    if workers <= 1 or len(entries) <= 1:
        yield from map(work, entries)
        return
    with ProcessPoolExecutor(min(workers, len(entries)), get_context("spawn")) as pool:
        yield from pool.map(work, entries)
