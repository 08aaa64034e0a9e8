"""One slide, worked on as a copy on scratch."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import ConfigError
from common.staging.files import slide_files
from common.staging.proof import CopyError

if TYPE_CHECKING:
    from collections.abc import Generator

    from common.cohort import SlideEntry
    from common.staging.desk import Desk
    from common.staging.hold import Hold
    from common.staging.scratch import Scratch

_failed: set[Path] = set()
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Staged:
    """A slide to be read from wherever `entry` says.

    Attributes
    ----------
    entry : SlideEntry
        Its path is that of the copy, or of the slide itself where it is read in place.
    hold : Hold or None
        None where scratch is not used.
    """

    entry: SlideEntry
    hold: Hold | None = None

    @property
    def desk(self) -> Desk | None:
        """Where to write results first; None writes them in place."""
        return None if self.hold is None else self.hold.desk

    def prove(self) -> None:
        """Read the copy once more, all of it: what was read of it is of these bytes.

        Raises
        ------
        CopyError
            If it is not what arrived.
        """
        if self.hold is not None and not self.hold.is_whole():
            raise CopyError(
                f"{self.entry.path}: expected the copy that was made of it, found other bytes. "
                "Check the disk and the memory of this machine, or leave out --scratch"
            )

    def at_fault(self, error: Exception) -> bool:
        """Whether it was scratch that failed, and not the slide or the results' disk."""
        if self.hold is None:
            return False
        unwritten = isinstance(error, ConfigError | OSError) and str(self.hold.folder) in str(error)
        return unwritten or not self.hold.folder.exists() or not self.hold.is_whole()

    def told(self, error: Exception) -> Exception:
        """The same error, about the slide itself."""
        if self.hold is not None:
            error.args = tuple(
                self.hold.told(said) if isinstance(said, str) else said for said in error.args
            )
        return error


@contextmanager
def staged(scratch: Scratch | None, entry: SlideEntry) -> Generator[Staged, None, None]:
    """The slide of `entry` as a copy on scratch, for as long as this lasts.

    It is read in place where there is no scratch, too little room on it, or no safe way to copy
    it; which is said in the log, of room once.

    Raises
    ------
    CopyError
        If the copy differs from the slide, twice.
    """
    with ExitStack() as stack:
        yield Staged(entry) if scratch is None else _staged(scratch, entry, stack)


def _staged(scratch: Scratch, entry: SlideEntry, stack: ExitStack) -> Staged:
    files = slide_files(entry.path)
    try:
        hold = stack.enter_context(scratch.hold())
        if isinstance(files, str):
            log.info("%s is read in place: %s", entry.path, files)
            return Staged(entry, hold)
        copy = hold.fetch(files) / files.names[0]
    except OSError as error:
        stack.close()
        _say_why(scratch.folder, error, entry.path)
        return Staged(entry)
    return Staged(replace(entry, path=copy), hold)


def _say_why(folder: Path, error: OSError, path: Path) -> None:
    """A warning about a slide, or one about the scratch folder that this process gives once."""
    why = error.strerror or error
    if error.filename and not Path(os.fsdecode(error.filename)).is_relative_to(folder):
        log.warning("%s is read in place: it could not be copied: %s", path, why)
    elif folder not in _failed:
        _failed.add(folder)
        said = "--scratch %s: %s: %s, and others if it is so for them, are read in place"
        log.warning(said, folder, why, path)
