"""The folder of ``--masks``, held against the cohort and against what lies in the results."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from common.errors import ConfigError, ContractError, SlideError
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import read_outcome
from common.parts import part_name
from common.tissue import MASK_FOLDER, given_mask, mask_hash, mask_path, refuse_unknown_masks
from layer1_extract.cohort_record import recorded_cohort
from layer1_extract.extraction import patch_path
from layer1_extract.inputs import GIVEN_MASK, KEPT_MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.outcomes import Outcome
    from common.units import Unit

log = logging.getLogger(__name__)


def check_masks(masks: Path | None, cohort: Sequence[SlideEntry], out: Path | None = None) -> None:
    """Refuse masks that belong to no slide.

    Parameters
    ----------
    masks : Path or None
        Folder of masks that a person gave.
    cohort : sequence of SlideEntry
        All of it, in whichever share.
    out : Path or None
        Folder of the results, whose earlier slides count too, as do those of the results that
        `masks` is in.

    Raises
    ------
    ConfigError
        Naming the masks.
    """
    if masks is None:
        return
    beside = masks.absolute().parent
    results = [folder for folder in (out, beside) if folder and (folder / OUTCOMES).is_dir()]
    earlier = [entry for folder in results for entry in recorded_cohort(folder)]
    refuse_unknown_masks(masks, {entry.slide_id for entry in (*cohort, *earlier)})
    if all(given_mask(masks, entry.slide_id) is None for entry in cohort):
        log.warning("--masks %s: no slide has a mask there, tissue is found", masks)


def refuse_dropped_masks(units: Iterable[Unit], out: Path, masks: Path | None) -> None:
    """Refuse to find the tissue of slides that were extracted with a mask a person gave.

    What a person corrected is not undone because an option was forgotten.

    Raises
    ------
    ConfigError
        Naming the first of the slides.
    """
    slides = {unit.entry.slide_id: unit.parts for unit in units}
    dropped = [
        slide_id
        for slide_id, parts in slides.items()
        if given_mask(masks, slide_id) is None
        and any(outcome.inputs.get(GIVEN_MASK) for outcome in _told(out, slide_id, parts))
    ]
    if dropped:
        raise ConfigError(
            f"{out}: --masks: expected the masks that patches here were made with, found none for "
            f"{len(dropped)} slides, such as {dropped[0]}. Give --masks {out / MASK_FOLDER}, which "
            f"has them; to find the tissue of a slide anew, remove its record in {out / OUTCOMES}, "
            "or give --overwrite to do every slide anew"
        )


def warn_of_changed_masks(units: Iterable[Unit], out: Path, masks: Path | None) -> None:
    """Say of which slides the mask in the results was corrected in place, and is not used."""
    slides = {unit.entry.slide_id: unit.parts for unit in units}
    for slide_id, parts in slides.items():
        recorded = {
            found.inputs.get(KEPT_MASK) or found.inputs.get(GIVEN_MASK, "")
            for found in _told(out, slide_id, parts)
            if patch_path(out, found.name).exists()
        } - {""}
        there = _hash(out / MASK_FOLDER, slide_id)
        if recorded and there and there not in recorded and there != _hash(masks, slide_id):
            path = mask_path(out / MASK_FOLDER, slide_id)
            log.warning("%s was changed since: give --masks %s to use it", path, path.parent)


def _told(out: Path, slide_id: str, parts: int) -> list[Outcome]:
    """Outcomes of a slide, and of its parts, that did not fail; their patches may be lost."""
    names = dict.fromkeys([slide_id, *(part_name(slide_id, at, parts) for at in range(parts))])
    found: list[Outcome] = []
    for name in names:
        with suppress(ContractError):  # a damaged outcome is named where it is done anew
            outcome = read_outcome(out, name)
            found += [outcome] if outcome and outcome.status != "failed" else []
    return found


def _hash(folder: Path | None, slide_id: str) -> str:
    """As `mask_hash`; empty too where there is no folder, or no reading it."""
    if folder is None or not folder.is_dir():
        return ""
    with suppress(SlideError):  # named where the slide is done
        return mask_hash(folder, slide_id)
    return ""
