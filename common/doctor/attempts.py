"""What is tried in a folder: a program of its own, since a file system may refuse, or hang.

    python -m common.doctor.attempts FOLDER

Prints a line, a JSON object, after each step: its name and what was found, ``works`` where all is
well. A folder that is not there yet stands for the one it will be made in. Needs the standard
library alone, so that it starts at once. What it makes it removes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.doctor.locks import opened, try_fcntl, try_flock
from common.doctor.place import nearest, room

if TYPE_CHECKING:
    from collections.abc import Callable

WORKS = "works"
PREFIX = ".camnet-doctor."
_BYTES = 1 << 20


def main(folder: Path) -> None:
    """Try each step in `folder`, and print what came of it."""
    place = _found(lambda: {"there": str(nearest(folder))})
    _tell("place", place)
    if place["found"] != WORKS:
        return
    there = Path(place["there"])
    _tell("room", _found(lambda: room(there)))
    made = _found(lambda: {"own": tempfile.mkdtemp(prefix=PREFIX, dir=there)})
    _tell("make", made)
    if made["found"] == WORKS:
        _try(Path(made["own"]))


def _try(own: Path) -> None:
    """Try what is done with files, in a folder that is removed again."""
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


def _write(own: Path) -> None:
    with (own / "draft").open("wb") as stream:
        stream.write(b"\0" * _BYTES)
        stream.flush()
        os.fsync(stream.fileno())
    with opened(own) as descriptor:
        os.fsync(descriptor)


def _rename(own: Path) -> None:
    (own / "result").write_bytes(b"older")
    (own / "draft").replace(own / "result")
    if (own / "result").stat().st_size != _BYTES:
        raise OSError(errno.EIO, "the older file is still there")


def _link(own: Path) -> None:
    (own / "second").hardlink_to(own / "result")


STEPS: dict[str, Callable[[Path], Any]] = {
    "write": _write,
    "rename": _rename,
    "link": _link,
    "flock": lambda own: try_flock(own / "result"),
    "fcntl": lambda own: try_fcntl(own / "result"),
}
"""In their order: a later one needs what earlier ones left."""

if __name__ == "__main__":
    main(Path(sys.argv[1]))
