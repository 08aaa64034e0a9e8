"""How a patch file stores its pixels, against how it should."""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from common.errors import ContractError
from common.files import set_aside
from common.patch_file.copying import quality_of
from common.patch_file.reader import PatchFile

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.config import StorageSettings

log = logging.getLogger(__name__)


def stored_otherwise(path: Path, storage: StorageSettings) -> str:
    """What is wrong with the codec of a patch file, or its quality of JPEG; empty where nothing is.

    Raises
    ------
    ContractError
        If the file is no patch file.
    """
    with closing(PatchFile(path)) as file:
        found = _named(file.codec, quality_of(file))
    expected = _named(storage.codec, storage.quality)
    return "" if found == expected else f"codec: expected {expected}, as configured, found {found}"


def set_aside_other_storage(path: Path, storage: StorageSettings) -> None:
    """Move a patch file out of the way that may hold more of its pixels than what replaces it."""
    with suppress(ContractError):  # a damaged one holds nothing
        if path.exists() and (wrong := stored_otherwise(path, storage)):
            log.warning("%s: %s: set aside as %s", path, wrong, set_aside(path))


def _named(codec: str, quality: int | None) -> str:
    return f"{codec} of quality {quality}" if codec == "jpeg" else codec
