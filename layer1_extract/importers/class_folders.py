"""Image files in folders named after their class, plain or in a zip file."""

from __future__ import annotations

import re
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ConfigError, ContractError
from common.patch_file.schema import NORMAL, TUMOR
from layer1_extract.importers.foreign import ForeignSlide
from layer1_extract.importers.image_set import ImageSet, file_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

CLASSES: Final = {
    "0": NORMAL,
    "normal": NORMAL,
    "1": TUMOR,
    "tumor": TUMOR,
    "tumour": TUMOR,
}
SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
_BATCH: Final = 256
_MAX_IMAGE_PX: Final = 8192


def find(source: Path) -> list[ForeignSlide]:
    """One entry: class folders do not say which slides their patches are from.

    Raises
    ------
    ConfigError
        If there is no class folder with images.
    ContractError
        If the zip file or the first image is broken, or that image is not square.
    """
    labelled = sorted(
        (name, label) for name in file_names(source) if (label := _label(name)) is not None
    )
    images = ImageSet(source, tuple(name for name, _ in labelled))
    if not labelled:
        raise ConfigError(
            f"{source}: expected images in folders named {', '.join(CLASSES)}, found none"
        )
    height, width = next(images.decoded()).shape[:2]
    if height != width or width > _MAX_IMAGE_PX:
        expected = f"a square image of at most {_MAX_IMAGE_PX} px"
        raise ContractError(source, images.names[0], expected, f"{width} x {height} px")
    slide_id = re.sub(r"[^\w.-]", "_", source.stem).lstrip(".") or "images"
    batches = partial(_batches, images, [label for _, label in labelled], width)
    return [ForeignSlide(slide_id, len(labelled), width, images.fingerprint, batches)]


def _label(name: str) -> int | None:
    """Label of an image by the folder it lies in; None for what is no image of a class."""
    path = PurePosixPath(name)
    if path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or "__MACOSX" in path.parts:
        return None
    return CLASSES.get(path.parent.name.lower())


def _batches(
    images: ImageSet, known: list[int], size: int
) -> Iterator[tuple[list[int], npt.NDArray[np.uint8]]]:
    labels: list[int] = []
    patches: list[npt.NDArray[np.uint8]] = []
    for name, label, image in zip(images.names, known, images.decoded(), strict=True):
        if image.shape != (size, size, 3):
            found = f"{image.shape[1]} x {image.shape[0]} px"
            raise ContractError(images.source, name, f"{size} x {size} px as the first", found)
        labels.append(label)
        patches.append(image)
        if len(patches) == _BATCH:
            yield labels, np.stack(patches)
            labels, patches = [], []
    if patches:
        yield labels, np.stack(patches)
