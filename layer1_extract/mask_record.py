"""The tissue mask a slide was extracted with, kept beside its patches."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from common.files import set_aside, whole_file
from common.tissue import given_mask, mask_path, mask_text

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.survey import Survey

log = logging.getLogger(__name__)


def keep_mask(folder: Path, known: Survey, masks: Path | None) -> str:
    """Write the mask of a slide into `folder`.

    Another mask there, which a person may have corrected, is set aside; the mask the person gave is
    copied as it was when it was read, and never written over.

    Parameters
    ----------
    folder : Path
    known : Survey
    masks : Path or None
        The folder masks were given in.

    Returns
    -------
    str
        SHA-256 of the mask that was extracted with.
    """
    path = mask_path(folder, known.slide.slide_id)
    content = mask_text(known.mask).encode() if known.given is None else known.given
    given, there = given_mask(masks, known.slide.slide_id), _content(path)
    is_given = given is not None and there is not None and given.samefile(path)
    if not is_given and there != content:
        if there is not None:
            _set_aside(path)
        with whole_file(path) as partial:
            partial.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _set_aside(path: Path) -> None:
    if aside := set_aside(path):
        log.warning(
            "%s was another mask: set aside as %s. Give it with --masks to use it", path, aside
        )


def _content(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none, or another task takes it away meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
