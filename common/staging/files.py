"""Files that are copied together: all those one slide consists of."""

from __future__ import annotations

import hashlib
import json
import os
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from common.cohort.dicom import SUFFIX as DICOM
from common.cohort.dicom import files_of_series
from common.staging.status import status_of

if TYPE_CHECKING:
    from pathlib import Path

_MIRAX: Final = ".mrxs"
_HAMAMATSU: Final = frozenset({".vms", ".vmu"})
_KEY_DIGITS: Final = 16
_LARGEST_KEY_FILE: Final = 1 << 20


@dataclass(frozen=True)
class FileSet:
    """Files that lie in or below one folder.

    Attributes
    ----------
    root : Path
        The folder.
    names : tuple of str
        From the folder on; the first is the one the others are known by.
    """

    root: Path
    names: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> FileSet:
        """One file alone."""
        return cls(path.parent, (path.name,))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where they are."""
        return tuple(self.root / name for name in self.names)

    @property
    def first(self) -> Path:
        """The file the others are known by."""
        return self.root / self.names[0]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Bytes of each file."""
        return tuple(path.stat().st_size for path in self.paths)

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(self.sizes)

    @cached_property
    def key(self) -> str:
        """A name of these very files as they are now, the same in every process of a node."""
        said = [(name, *astuple(status_of(self.root / name))) for name in self.names]
        text = json.dumps([os.path.realpath(self.first), said])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_KEY_DIGITS]


def slide_files(path: Path) -> FileSet | str:
    """The files the slide `path` consists of, as OpenSlide looks for them; or why not to copy it.

    MIRAX has a folder of the slide's name beside the file, Hamamatsu's ``.vms`` and ``.vmu`` name
    others beside them, and a DICOM slide is all files of its series in the folder.
    """
    try:
        return _slide_files(path)
    except (OSError, UnicodeDecodeError, ConfigParserError) as error:
        return f"its files cannot be listed: {error}"


def _slide_files(path: Path) -> FileSet | str:
    suffix = path.suffix.lower()
    if not path.is_file():
        return "it is no file"
    if suffix == _MIRAX:
        return _mirax(path)
    if suffix in _HAMAMATSU:
        return _hamamatsu(path)
    if suffix == DICOM:
        others = [other.name for other in files_of_series(path) if other.name != path.name]
        return FileSet(path.parent, (path.name, *others))
    return FileSet.of(path)


def _mirax(path: Path) -> FileSet | str:
    folder = path.with_suffix("")
    if not folder.is_dir():
        return f"expected its folder {folder.name} beside it, found none"
    inside = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]  # noqa: PTH118
    return FileSet(
        path.parent, (path.name, *sorted(os.path.relpath(one, path.parent) for one in inside))
    )


def _hamamatsu(path: Path) -> FileSet | str:
    """Every file beside it that a value in it names."""
    if path.stat().st_size > _LARGEST_KEY_FILE:
        return f"expected a key file of at most {_LARGEST_KEY_FILE} bytes"
    parser = ConfigParser(interpolation=None, strict=False)
    parser.read_string(path.read_text(encoding="utf-8", errors="surrogateescape"))
    said = {value.strip() for section in parser.sections() for value in parser[section].values()}
    if any("/" in value and (path.parent / value).is_file() for value in said):
        return "it names files in other folders"
    named = sorted(value for value in said - {"", path.name} if (path.parent / value).is_file())
    return FileSet(path.parent, (path.name, *named))
