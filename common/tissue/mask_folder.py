"""A folder of masks that a person may correct and give back: ``<slide_id>.geojson``."""

from __future__ import annotations

import hashlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from common.annotations.shapes import refusal, shown
from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MASK_FOLDER: Final = "masks"
SUFFIX: Final = ".geojson"


def mask_path(folder: Path, slide_id: str) -> Path:
    """Where the mask of a slide lies in a folder of masks."""
    return folder / f"{slide_id}{SUFFIX}"


def given_mask(folder: Path | None, slide_id: str) -> Path | None:
    """The mask a person put in `folder` for a slide; None where there is none.

    Raises
    ------
    ConfigError
        If the folder itself is not there.
    """
    if folder is None:
        return None
    if not folder.is_dir():
        raise ConfigError(f"--masks: expected a folder of <slide_id>{SUFFIX}, found none: {folder}")
    path = mask_path(folder, slide_id)
    return path if path.exists() else None


def refuse_unknown_masks(folder: Path, slide_ids: Collection[str]) -> None:
    """Refuse a folder of masks of which some belong to no slide: they would never be used.

    Parameters
    ----------
    folder : Path
    slide_ids : collection of str
        Of every slide there is.

    Raises
    ------
    ConfigError
        Naming each of those masks, and the slide that is called most like it.
    """
    known = {f"{slide_id}{SUFFIX}" for slide_id in slide_ids}
    files = sorted(path for path in folder.glob("[!.]*") if path.suffix.lower() == SUFFIX)
    unknown = [path for path in files if path.name not in known]
    if unknown:
        lines = "\n  ".join(f"{path.name}{_nearest(path, slide_ids)}" for path in unknown)
        raise ConfigError(
            f"{folder}: --masks: expected <slide_id>{SUFFIX} of slides of the cohort, found "
            f"{len(unknown)} that belong to none:\n  {lines}\nRename or remove them"
        )


def mask_hash(folder: Path | None, slide_id: str) -> str:
    """SHA-256 of the mask given for a slide; empty where there is none.

    Raises
    ------
    SlideError
        If it cannot be read.
    """
    path = given_mask(folder, slide_id)
    if path is None:
        return ""
    return hashlib.sha256(mask_bytes(path)).hexdigest()


def mask_bytes(path: Path) -> bytes:
    """What the mask `path` holds.

    Raises
    ------
    SlideError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = shown(error.strerror)
        raise refusal(path, "mask", "a readable file", reason) from error


def _nearest(path: Path, slide_ids: Collection[str]) -> str:
    close = get_close_matches(path.stem, slide_ids, n=1)
    return f" (did you mean {close[0]}{SUFFIX}?)" if close else ""
