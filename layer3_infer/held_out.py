"""The slides a model was neither trained nor chosen on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from common.errors import ConfigError, ContractError, SlideError
from layer3_infer.analysis import open_slide
from layer3_infer.heatmap_file import TRAINING_SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from common.cohort import SlideEntry
    from common.model_bundle import Manifest
    from common.patch_file.reader import PatchFile

_ADVICE: Final = "Give other slides, or leave out --held-out"
T = TypeVar("T")
log = logging.getLogger(__name__)


def held_out_entries(entries: Sequence[SlideEntry], manifest: Manifest) -> list[SlideEntry]:
    """The slides of a cohort that training knew neither by content nor by patient.

    A slide that cannot be read stays in, so that the run names it.

    Raises
    ------
    ConfigError
        If none is left.
    """
    kept = [entry for entry in entries if not _knows(manifest, _fingerprint(entry), entry.patient)]
    return list(_some(kept, len(entries)))


def held_out_files(
    files: Mapping[str, Sequence[PatchFile]], manifest: Manifest
) -> dict[str, Sequence[PatchFile]]:
    """The same of patch files, by slide; one that cannot be read stays in, too.

    Raises
    ------
    ConfigError
        If none is left.
    """
    kept = [slide_id for slide_id, parts in files.items() if not _known_parts(manifest, parts)]
    return {slide_id: files[slide_id] for slide_id in _some(kept, len(files))}


def _knows(manifest: Manifest, fingerprint: str, patient: str) -> bool:
    return manifest.split_of(fingerprint, patient) in TRAINING_SPLITS


def _known_parts(manifest: Manifest, parts: Sequence[PatchFile]) -> bool:
    try:
        headers = [part.header for part in parts]
    except ContractError:
        return False
    return any(_knows(manifest, header.slide_fingerprint, header.patient) for header in headers)


def _fingerprint(entry: SlideEntry) -> str:
    try:
        return open_slide(entry).fingerprint
    except SlideError:
        return ""


def _some(kept: Sequence[T], total: int) -> Sequence[T]:
    if not kept:
        raise ConfigError(
            f"--held-out: expected slides the model was not trained on, found none of {total}. "
            f"{_ADVICE}"
        )
    log.info("held out: %d of %d slides", len(kept), total)
    return kept
