"""What is expected to be read: something of the right kind, of which the first is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.amounts import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_ANY_MPP: Final = 1.0


def slides(source: Path) -> str:
    """How many slides a source names; the first is opened, and no pixel is read.

    Raises
    ------
    PipelineError
        If there is none, or the first is no slide.
    """
    from common.cohort import read_cohort
    from common.slide_reader import slide_of

    entries = read_cohort(source, mpp=_ANY_MPP)  # for slides that say none: a run may state it
    first = slide_of(entries[0])
    pyramid = first.pyramid
    size = f"{pyramid.width:,} x {pyramid.height:,} px"
    return f"{counted(len(entries), 'slide')}, the first opens: {first.slide_id}, {size}"


def patches(source: Path) -> str:
    """How many patch files a folder has; the header of the first is read.

    Raises
    ------
    PipelineError
        If there is none, or the first is no patch file.
    """
    from common.patch_file.reader import find_patch_files

    files = find_patch_files(source)
    header = files[0].header
    each = f"{header.patch_size} px at {header.patch_mpp:g} um/px"
    return f"{counted(len(files), 'patch file')}, the first opens: {each}"


def model(source: Path) -> str:
    """Whose patches a model bundle takes; its files are hashed, the network is not loaded.

    Raises
    ------
    PipelineError
        If it is no bundle, or a damaged one.
    """
    from common.model_bundle import read_bundle

    manifest = read_bundle(source).manifest
    return f"a whole bundle: {manifest.architecture}, {manifest.spec.size} px"


WANTED: Final[Mapping[str, Callable[[Path], str]]] = {
    "slides": slides,
    "patches": patches,
    "model": model,
}
