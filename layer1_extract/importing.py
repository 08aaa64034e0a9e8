"""Foreign patches to patch files."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from common.config import digest
from common.errors import ConfigError, ContractError
from common.files import set_aside
from common.outcomes import Outcome, attempt, forget, read_outcome, write_outcome
from common.patch_file import schema
from common.patch_file.check import check
from common.patch_file.writer import open_writer
from common.progress import progress
from common.provenance import software
from common.run_folder import claim
from layer1_extract.contact_sheet import write_contact_sheet
from layer1_extract.extraction import patch_path, preview_path
from layer1_extract.importers import find_foreign
from layer1_extract.stored_pixels import set_aside_other_storage, stored_otherwise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer1_extract.config import ImportSettings
    from layer1_extract.importers.foreign import ForeignSlide

log = logging.getLogger(__name__)


def import_patches(
    source: Path, out: Path, settings: ImportSettings, *, split: str = "", overwrite: bool = False
) -> tuple[list[Outcome], int]:
    """Write a patch file for each slide a foreign source holds patches of.

    The patches have no place: `source` does not say on which slide of which size they lie.

    Parameters
    ----------
    source : Path
        See `layer1_extract.importers.find_foreign`.
    out : Path
        Folder of the results; several sources may share it.
    settings : ImportSettings
    split : {"", "train", "valid", "test"}
        Written into the files, for training with ``split: {by: given}``.
    overwrite : bool

    Returns
    -------
    outcomes, kept
        As in `layer1_extract.pipeline.extract`.
    """
    if settings.mpp is None:
        raise ConfigError(
            f"{source}: mpp: expected the scale of the images in um/px, found nothing. "
            "Give --mpp; PatchCamelyon's is 0.972"
        )
    slides = find_foreign(source)
    claim(out, settings, overwrite=overwrite)
    outcomes, kept = [], 0
    twins = _twins(slides)
    for slide in slides:
        before = None if overwrite else _finished(slide, out, settings, split)
        kept += before is not None
        suspect = twins.get(slide.slide_id, "")
        outcomes.append(before or _import_and_record(slide, out, settings, split, suspect))
        if suspect:
            log.warning("%s: %s", slide.slide_id, suspect)
    return outcomes, kept


def _twins(slides: Sequence[ForeignSlide]) -> dict[str, str]:
    """Of slides that repeat another one's patches, by id: which one's, and what to do."""
    first: dict[str, ForeignSlide] = {}
    said = {}
    for slide in slides:
        other = first.setdefault(slide.fingerprint, slide)
        if other is not slide:
            whose = f" (centre {other.centre})" if other.centre else ""
            said[slide.slide_id] = (
                f"the same patches as {other.slide_id}{whose}: leave one of them out of training"
            )
    return said


def _import_and_record(
    slide: ForeignSlide, out: Path, settings: ImportSettings, split: str, suspect: str
) -> Outcome:
    forget(out, slide.slide_id)  # killed half-way, the old outcome must not stand for new files
    set_aside_other_storage(patch_path(out, slide.slide_id), settings.storage)
    outcome = attempt(slide.slide_id, lambda: _import_slide(slide, out, settings, split))
    outcome = replace(outcome, suspect=suspect)
    if outcome.status == "failed":  # an older result must not be taken for this one's
        set_aside(patch_path(out, slide.slide_id))
        preview_path(out, slide.slide_id).unlink(missing_ok=True)
    write_outcome(out, outcome)
    return outcome


def _import_slide(slide: ForeignSlide, out: Path, settings: ImportSettings, split: str) -> Outcome:
    path, storage = patch_path(out, slide.slide_id), settings.storage
    header = _header(slide, settings, split)
    bar = progress(None, f"import {slide.slide_id}", total=slide.count, unit="patch")
    with bar, open_writer(path, header, storage.codec, storage.quality) as writer:
        for labels, patches in slide.batches():
            count = len(patches)
            writer.append(
                np.full((count, 2), -1, dtype=np.int64),
                np.asarray(labels, dtype=np.int8),
                np.full(count, np.nan, dtype=np.float32),
                np.full(count, np.nan, dtype=np.float32),
                None if storage.codec == "none" else patches,
            )
            bar.update(count)
        counts = writer.finish()
    if storage.codec == "none":
        preview_path(out, slide.slide_id).unlink(missing_ok=True)
    else:
        write_contact_sheet(preview_path(out, slide.slide_id), path)
    inputs = {"slide_fingerprint": slide.fingerprint}
    return Outcome(slide.slide_id, "done", "", counts, inputs=inputs)


def _header(slide: ForeignSlide, settings: ImportSettings, split: str) -> schema.Header:
    assert settings.mpp is not None
    return schema.Header(
        slide_id=slide.slide_id,
        patient=slide.patient,
        node=slide.node,
        centre=slide.centre,
        split=split,
        patch_size=slide.patch_size,
        patch_mpp=settings.mpp,
        patch_size_level0=0,
        level0_mpp=settings.mpp,
        mpp_source="stated",
        level0_width=0,
        level0_height=0,
        placed=False,
        slide_fingerprint=slide.fingerprint,
        reader="import",
        sampling={"method": "import", "seed": None},
        config_sha256=digest(settings),
        software=software(),
    )


def _finished(
    slide: ForeignSlide, out: Path, settings: ImportSettings, split: str
) -> Outcome | None:
    """The outcome an earlier run wrote, if its patch file is whole, of this source and settings.

    Raises
    ------
    ConfigError
        If another source has taken the slide's name in this folder: its patches stay.
    """
    path = patch_path(out, slide.slide_id)
    if not path.exists():
        return None
    try:
        header, outcome = check(path), read_outcome(out, slide.slide_id)
        otherwise = stored_otherwise(path, settings.storage)
    except ContractError as error:
        log.warning("%s is done anew: %s", slide.slide_id, error)
        return None
    if header.slide_fingerprint != slide.fingerprint or header.split != split:
        raise ConfigError(
            f"{path}: expected no file, or one of this source and split, found another's. "
            "Give another --out, or --overwrite to replace it"
        )
    if header.config_sha256 != digest(settings):
        log.warning("%s is done anew: the configuration changed", slide.slide_id)
        return None
    if otherwise:
        log.warning("%s is done anew: %s", slide.slide_id, otherwise)
        return None
    if outcome is None or outcome.status == "failed":
        return None
    return replace(outcome, seconds=0.0)
