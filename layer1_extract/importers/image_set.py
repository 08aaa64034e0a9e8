"""Image files of a folder or a zip file, read one at a time."""

from __future__ import annotations

import hashlib
import lzma
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from common.errors import ContractError
from common.files import spread_hash
from layer1_extract.importers.image_file import decode_image

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_MAX_IMAGE_BYTES: Final = 256 << 20
_UNREADABLE: Final = (  # what zipfile and its decompressors raise on bytes that are not theirs
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # encrypted; with NotImplementedError: compressed in an unknown way
    ValueError,
)


@dataclass(frozen=True)
class ImageSet:
    """Some image files of a folder or a zip file.

    Attributes
    ----------
    source : Path
    names : tuple of str
        Below the source, in order.
    """

    source: Path
    names: tuple[str, ...]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the zip file, or of the names and the content of the images in a folder."""
        with _readable(self.source, "images", "files that can be read"):
            if not self.source.is_dir():
                return spread_hash(self.source)
            lines = [f"{name} {spread_hash(self.source / name)}" for name in self.names]
            return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def decoded(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Each image, (H, W, 3) uint8 RGB, in order."""
        for name, content in zip(self.names, self._contents(), strict=True):
            yield decode_image(self.source, name, content)

    def _contents(self) -> Iterator[bytes]:
        if self.source.is_dir():
            for name in self.names:
                with _readable(self.source, name, "a file that can be read"):
                    content = (self.source / name).read_bytes()
                yield content
            return
        with _opened(self.source) as archive:
            for name in self.names:
                self._check_size(name, archive.getinfo(name).file_size)
                with _readable(self.source, name, "a file to unzip"):
                    content = archive.read(name)
                yield content

    def _check_size(self, name: str, size: int) -> None:
        if size > _MAX_IMAGE_BYTES:
            expected = f"an image file of at most {_MAX_IMAGE_BYTES} bytes"
            raise ContractError(self.source, name, expected, f"{size} bytes")


def file_names(source: Path) -> list[str]:
    """Every file of a folder or a zip file, below it.

    Raises
    ------
    ContractError
        If the zip file is broken.
    """
    if source.is_dir():
        files = (path for path in source.rglob("*") if path.is_file())
        return [path.relative_to(source).as_posix() for path in files]
    with _opened(source) as archive:
        return [info.filename for info in archive.infolist() if not info.is_dir()]


def _opened(source: Path) -> zipfile.ZipFile:
    with _readable(source, "format", "a zip file"):
        return zipfile.ZipFile(source)


@contextmanager
def _readable(source: Path, item: str, expected: str) -> Generator[None, None, None]:
    """What cannot be read or unzipped in the block becomes a `ContractError` naming `item`."""
    try:
        yield
    except _UNREADABLE as error:
        found = f"one that cannot be read ({type(error).__name__}: {error})"
        raise ContractError(source, item, expected, found, "Copy the file anew") from error
