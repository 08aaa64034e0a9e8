"""The stain of every patch file, measured once for each slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.preprocessing import Preprocessing, slide_stain
from common.progress import progress
from common.stain import Unchanged, patches_of
from layer2_train.content import content_sha256, pixels_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.patch_file.reader import PatchFile
    from common.stain import Stain
    from layer2_train.config import TrainSettings


def preprocessing_of(settings: TrainSettings) -> Preprocessing:
    """The preprocessing of a model that is trained with these settings."""
    stain = settings.stain
    return Preprocessing.of(stain.method, stain.patches, settings.orientations)


def stains_of(files: Sequence[PatchFile], preprocessing: Preprocessing) -> list[Stain]:
    """What is done to the colours of the patches of each file.

    Files of one slide share one stain: its parts, and what was mined from them. Patches without a
    place on a slide belong to what was imported under one slide id. A copy of a file adds nothing.

    Parameters
    ----------
    files : sequence of PatchFile
        All that one training or evaluation reads; with pixels.
    preprocessing : Preprocessing
        Of the model.

    Returns
    -------
    list of Stain
        One per file, in their order. A slide that cannot be measured is warned of by name.
    """
    if preprocessing.stain == "none":
        return [Unchanged()] * len(files)
    groups: dict[tuple[str, str], list[PatchFile]] = {}
    for file in files:
        groups.setdefault(_slide(file), []).append(file)
    stains = {
        slide: _stain(own, preprocessing)
        for slide, own in progress(groups.items(), "stains", total=len(groups))
    }
    return [stains[_slide(file)] for file in files]


def _slide(file: PatchFile) -> tuple[str, str]:
    header = file.header
    return header.slide_fingerprint, "" if header.placed else header.slide_id


def _stain(files: Sequence[PatchFile], preprocessing: Preprocessing) -> Stain:
    patches = patches_of(_without_copies(files), preprocessing.patches)
    return slide_stain(files[0].header.slide_id, patches, preprocessing)


def _without_copies(files: Sequence[PatchFile]) -> list[PatchFile]:
    """The files of one slide, each content once; pixels are read where all else is equal.

    What was mined from a file is no copy of it, even where that was all of it.
    """
    if len(files) == 1:
        return list(files)
    alike: dict[tuple[object, str], list[PatchFile]] = {}
    for file in files:
        key = file.header.sampling.get("method"), content_sha256(file)
        alike.setdefault(key, []).append(file)
        file.close()
    kept: set[int] = set()
    for own in alike.values():
        ordered = sorted(own, key=lambda file: file.header.config_sha256, reverse=True)
        last = {pixels_sha256(file): file for file in ordered} if own[1:] else dict(enumerate(own))
        kept |= {id(file) for file in last.values()}
    return [file for file in files if id(file) in kept]
