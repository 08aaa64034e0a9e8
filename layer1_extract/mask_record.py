"""The tissue mask a slide was extracted with, kept beside its patches."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from common.files import set_aside, whole_file
from common.tissue import given_mask, mask_path, mask_text

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.survey import Survey

log = logging.getLogger(__name__)


def keep_mask(folder: Path, known: Survey, masks: Path | None) -> None:
    """Write the mask of a slide into `folder`.

    Another mask there, which a person may have corrected, is set aside; the mask the person gave is
    copied as it is, and never written over.

    Parameters
    ----------
    folder : Path
    known : Survey
    masks : Path or None
        The folder masks were given in.
    """
    path = mask_path(folder, known.slide.slide_id)
    given = given_mask(masks, known.slide.slide_id)
    if given is not None and path.exists() and given.samefile(path):
        return
    content = mask_text(known.mask).encode() if given is None else given.read_bytes()
    if _content(path) not in (None, content):
        aside = set_aside(path)
        log.warning("%s was another mask: set aside as %s", path, aside)
    with whole_file(path) as partial:
        partial.write_bytes(content)


def _content(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none, or another task takes it away meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
