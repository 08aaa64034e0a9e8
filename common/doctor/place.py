"""Where a folder is, or will be made, and the room there: asked of a file system that may hang."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def nearest(folder: Path) -> Path:
    """The folder, or the nearest around it that is there.

    Raises
    ------
    OSError
        If something else is in the way: a file, or a link to nowhere.
    """
    whole = folder.absolute()
    return next(path for path in (whole, *whole.parents) if _is_folder(path))


def room(folder: Path) -> dict[str, int]:
    """What more can be written: bytes ``free``, and ``inodes``; -1 where they are not counted."""
    disk = os.statvfs(folder)
    return {
        "free": disk.f_bavail * disk.f_frsize if disk.f_blocks else -1,
        "inodes": disk.f_favail if disk.f_files else -1,
    }


def _is_folder(path: Path) -> bool:
    """Whether it is there, as a folder; anything else there is an error."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            end = os.path.realpath(path)
            said = f"{path} is a link to {end}, which is not there"
            raise OSError(errno.ENOENT, said) from None
        return False
    except OSError as error:
        raise OSError(error.errno, f"{path} could not be looked at: {error.strerror}") from error
    if not stat.S_ISDIR(mode):
        raise OSError(errno.ENOTDIR, f"{path} is a file")
    return True
