"""Image files in folders named after their class, plain or in a zip file."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.errors import ConfigError, ContractError
from common.files import spread_hash
from common.patch_file.schema import NORMAL, TUMOR
from layer1_extract.importers.foreign import ForeignSlide

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_MAX_IMAGE_BYTES: Final = 256 << 20
_MAX_IMAGE_PX: Final = 8192


@dataclass(frozen=True)
class Images:
    """Image files of a folder or a zip file, by name, with their labels.

    Attributes
    ----------
    source : Path
    names : tuple of str
        Below the source, sorted.
    labels : tuple of int
    """

    source: Path
    names: tuple[str, ...]
    labels: tuple[int, ...]

    def decoded(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Each image, (H, W, 3) uint8 RGB, in order."""
        for name, content in zip(self.names, self._contents(), strict=True):
            yield self._decode(name, content)

    def _contents(self) -> Iterator[bytes]:
        if self.source.is_dir():
            for name in self.names:
                yield (self.source / name).read_bytes()
            return
        with zipfile.ZipFile(self.source) as archive:
            for name in self.names:
                size = archive.getinfo(name).file_size
                if size > _MAX_IMAGE_BYTES:
                    expected = f"an image file of at most {_MAX_IMAGE_BYTES} bytes"
                    raise ContractError(self.source, name, expected, f"{size} bytes")
                try:
                    yield archive.read(name)
                except (zipfile.BadZipFile, RuntimeError, OSError) as error:
                    raise ContractError(self.source, name, "a file to unzip", str(error)) from error

    def _decode(self, name: str, content: bytes) -> npt.NDArray[np.uint8]:
        try:
            bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise ContractError(self.source, name, "an image", str(error.err)) from error
        if bgr is None:
            advice = "Remove the file, or copy it anew"
            raise ContractError(self.source, name, "an image", "bytes that do not decode", advice)
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def find(source: Path) -> list[ForeignSlide]:
    """One entry: class folders do not say which slides their patches are from.

    Raises
    ------
    ConfigError
        If there is no class folder with images.
    ContractError
        If the zip file is broken, or the first image is not square.
    """
    images = _images(source)
    if not images.names:
        raise ConfigError(
            f"{source}: expected images in folders named {', '.join(CLASSES)}, found none"
        )
    height, width = next(images.decoded()).shape[:2]
    if height != width or width > _MAX_IMAGE_PX:
        expected = f"a square image of at most {_MAX_IMAGE_PX} px"
        raise ContractError(source, images.names[0], expected, f"{width} x {height} px")
    slide_id = re.sub(r"[^\w.-]", "_", source.stem).lstrip(".") or "images"
    batches = partial(_batches, images, width)
    return [ForeignSlide(slide_id, len(images.names), width, _fingerprint(images), batches)]


def _images(source: Path) -> Images:
    if source.is_dir():
        files = (path for path in source.rglob("*") if path.is_file())
        names = [path.relative_to(source).as_posix() for path in files]
    else:
        try:
            with zipfile.ZipFile(source) as archive:
                names = [info.filename for info in archive.infolist() if not info.is_dir()]
        except (zipfile.BadZipFile, OSError) as error:
            advice = "Copy the file anew"
            raise ContractError(source, "format", "a zip file", str(error), advice) from error
    labelled = sorted((name, label) for name in names if (label := _label(name)) is not None)
    return Images(source, tuple(n for n, _ in labelled), tuple(label for _, label in labelled))


def _label(name: str) -> int | None:
    """Label of an image by the folder it lies in; None for what is no image of a class."""
    path = PurePosixPath(name)
    if path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or "__MACOSX" in path.parts:
        return None
    return CLASSES.get(path.parent.name.lower())


def _fingerprint(images: Images) -> str:
    if not images.source.is_dir():
        return spread_hash(images.source)
    hashes = [spread_hash(images.source / name) for name in images.names]
    return _joined_hash(images.names, hashes)


def _joined_hash(names: tuple[str, ...], hashes: list[str]) -> str:
    lines = "\n".join(f"{name} {one}" for name, one in zip(names, hashes, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def _batches(images: Images, size: int) -> Iterator[tuple[list[int], npt.NDArray[np.uint8]]]:
    labels: list[int] = []
    patches: list[npt.NDArray[np.uint8]] = []
    for name, label, image in zip(images.names, images.labels, images.decoded(), strict=True):
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
