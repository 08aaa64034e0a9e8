"""What is tried in a folder: a program of its own, since a file system may refuse, or hang.

    python attempts.py FOLDER

Prints a line, a JSON object, after each step: its name and what was found, ``works`` where all is
well. A folder that is not there yet stands for the one it will be made in. Needs the standard
library alone, so that it starts at once. What it makes it removes.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

WORKS = "works"
PREFIX = ".camnet-doctor."
_BYTES = 1 << 20


def main(folder: Path) -> None:
    """Try each step in `folder`, and print what came of it."""
    place = _found(lambda: _place(folder))
    _tell("place", place)
    if place["found"] != WORKS:
        return
    there = Path(place["there"])
    _tell("room", _found(lambda: _room(there)))
    made = _found(lambda: {"own": tempfile.mkdtemp(prefix=PREFIX, dir=there)})
    _tell("make", made)
    if made["found"] != WORKS:
        return
    own = Path(made["own"])
    try:
        for name, step in STEPS.items():
            _tell(name, _found(partial(step, own)))
    finally:
        shutil.rmtree(own, ignore_errors=True)
    _tell("remove", {"found": WORKS if not own.exists() else f"{own} is still there"})


def _found(step: Callable[[], Any]) -> dict[str, Any]:
    try:
        more = step()
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "")
        return {"found": error.strerror or str(error), "errno": name}
    return {"found": WORKS, **(more if isinstance(more, dict) else {})}


def _tell(name: str, found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"step": name, **found}) + "\n")
    sys.stdout.flush()


def _place(folder: Path) -> dict[str, str]:
    """The folder, or the nearest around it that is there."""
    whole = folder.absolute()
    return {"there": str(next(path for path in (whole, *whole.parents) if _is_folder(path)))}


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


def _room(folder: Path) -> dict[str, int]:
    disk = os.statvfs(folder)
    return {
        "free": disk.f_bavail * disk.f_frsize,
        "inodes": disk.f_favail if disk.f_files else -1,  # some file systems do not count them
        "read_only": bool(disk.f_flag & os.ST_RDONLY),
    }


def _write(own: Path) -> None:
    with (own / "draft").open("wb") as stream:
        stream.write(b"\0" * _BYTES)
        stream.flush()
        os.fsync(stream.fileno())
    with _opened(own) as descriptor:
        os.fsync(descriptor)


def _rename(own: Path) -> None:
    (own / "result").write_bytes(b"older")
    (own / "draft").replace(own / "result")
    if (own / "result").stat().st_size != _BYTES:
        raise OSError(errno.EIO, "the older file is still there")


def _link(own: Path) -> None:
    (own / "second").hardlink_to(own / "result")


def _flock(own: Path) -> None:
    with _opened(own / "result") as first, _opened(own / "result") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    raise OSError(errno.ENOLCK, "given to two at a time")


def _fcntl(own: Path) -> None:
    """POSIX locks are between processes, so another one asks for the same."""
    with (own / "result").open("r+b") as stream:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other = os.fork()
        if not other:
            os._exit(_other(own))
        if os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]):
            raise OSError(errno.ENOLCK, "given to two at a time")


def _other(own: Path) -> int:
    """1 if a second process is given the lock."""
    try:
        with (own / "result").open("r+b") as stream:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return 0
    return 1


@contextmanager
def _opened(path: Path) -> Generator[int, None, None]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


STEPS: dict[str, Callable[[Path], Any]] = {
    "write": _write,
    "rename": _rename,
    "link": _link,
    "flock": _flock,
    "fcntl": _fcntl,
}
"""In their order: a later one needs what earlier ones left."""

if __name__ == "__main__":
    main(Path(sys.argv[1]))
