"""Telling patch files with equal names and counts apart, and equal ones under other names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.patch_file.reader import PatchFile

_SAMPLE: Final = 8


def content_sha256(file: PatchFile) -> str:
    """Hexadecimal SHA-256 of a patch file's places and labels.

    Pixels are not read: they follow from the places, the slide's fingerprint and the configuration
    of the extraction.
    """
    digest = hashlib.sha256(file.coords.astype("<i8").tobytes())
    digest.update(file.labels.astype("<i1").tobytes())
    return digest.hexdigest()


def sample_rows(count: int) -> npt.NDArray[np.int64]:
    """A few rows out of `count`, spread evenly from the first to the last.

    Examples
    --------
    >>> sample_rows(3).tolist()
    [0, 1, 2]
    """
    spread = np.linspace(0, count - 1, _SAMPLE) if count else np.empty(0)
    return np.unique(spread.round().astype(np.int64))


def pixels_sha256(file: PatchFile) -> str:
    """Hexadecimal SHA-256 of a few patches spread through a patch file, as they decode."""
    return hashlib.sha256(file.read(sample_rows(len(file))).tobytes()).hexdigest()
