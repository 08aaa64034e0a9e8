"""Telling patch files with equal names and counts apart."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.patch_file.reader import PatchFile


def content_sha256(file: PatchFile) -> str:
    """Hexadecimal SHA-256 of a patch file's places and labels.

    Pixels are not read: they follow from the places, the slide's fingerprint and the configuration
    of the extraction.
    """
    digest = hashlib.sha256(file.coords.astype("<i8").tobytes())
    digest.update(file.labels.astype("<i1").tobytes())
    return digest.hexdigest()
