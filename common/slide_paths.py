"""Every file that reading a slide takes, of which any may be out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.staging import slide_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from common.cohort import SlideEntry

_MIRAX: Final = ".mrxs"


def slide_paths(entry: SlideEntry) -> Iterator[Path]:
    """The slide, its annotation, and all that the slide has beside it, as far as it is there.

    A MIRAX slide has its folder whether that is there or not. Looked for only when it is asked for.
    """
    yield from entry.files
    if entry.path.suffix.lower() == _MIRAX:
        yield entry.path.with_suffix("")
    files = slide_files(entry.path)
    if not isinstance(files, str):
        yield from (path for path in files.paths if path != files.first)
