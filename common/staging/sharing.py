"""Copies that the processes of a node share without locks.

What is whole in a process' folder has its final name; another process takes it by hard links, so
that the file system counts who uses it, and it goes with the last user. Files that are being copied
show as such, and others wait for them as long as their process is at work.
"""

from __future__ import annotations

import errno
import logging
import random
import shutil
import time
from typing import TYPE_CHECKING, Final

from common.staging import copies
from common.staging.owners import folders, is_busy, owner_of
from common.stopping import stop_if_asked

if TYPE_CHECKING:
    from pathlib import Path

    from common.staging.files import FileSet
    from common.staging.scratch import Scratch

_LOOK_S: Final = 0.05
log = logging.getLogger(__name__)


def share(files: FileSet, own: Path, scratch: Scratch) -> None:
    """Bring copies of files to `own`, of another process where one has them or is at it.

    Parameters
    ----------
    files : FileSet
    own : Path
        What is to hold them, in this process's folder on scratch. All processes call it the same.
    scratch : Scratch

    Raises
    ------
    CopyError
        If a copy differs, twice.
    OSError
        With ENOSPC where there is too little room.
    """
    waiting = False
    while not own.exists():
        stop_if_asked()
        if _linked(files, own):
            return
        if copier := _copier(own):
            if not waiting:
                log.info("waits for the copy of %s by %s", files.first, owner_of(copier))
            waiting = True
            time.sleep(_LOOK_S)
        else:
            _copy(files, own, scratch)


def _linked(files: FileSet, own: Path) -> bool:
    """Whether another's copies are taken over, all of them."""
    partial = own.with_name(f".{own.name}.links")
    for other in _others(own):
        try:
            copies.link(files, other, partial)
            partial.rename(own)
        except OSError:  # they are gone by now, or this disk has no links
            shutil.rmtree(partial, ignore_errors=True)
        else:
            return True
    return False


def _copier(own: Path) -> Path | None:
    """The folder of another process that copies the same files now."""
    others = _others(_unfinished(own))
    return next((path.parent for path in others if is_busy(path.parent)), None)


def _copy(files: FileSet, own: Path, scratch: Scratch) -> None:
    """Copy, unless another process began to at the same time: then one of both is the first."""
    unfinished = _unfinished(own)
    unfinished.mkdir()
    if _copier(own):  # both looked before both began
        unfinished.rmdir()
        time.sleep(random.uniform(0, 2 * _LOOK_S))
        return
    try:
        _refuse_too_much(files, scratch)
        copies.make(files, unfinished, scratch.copy)
        unfinished.rename(own)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _refuse_too_much(files: FileSet, scratch: Scratch) -> None:
    needed, room = files.size, scratch.room(scratch.folder)
    if needed > room:
        found = f"{needed:,} bytes needed, {max(0, room):,} free"
        raise OSError(errno.ENOSPC, found, str(scratch.folder))


def _unfinished(own: Path) -> Path:
    """What is to become `own`; others know it by its name."""
    return own.with_name(f".{own.name}")


def _others(own: Path) -> list[Path]:
    """What other processes have of this name."""
    found = (folder / own.name for folder in folders(own.parent.parent) if folder != own.parent)
    return [path for path in found if path.exists()]
