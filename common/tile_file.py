"""A file read at given places."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class TileFile:
    """An open file that threads, and the children of a fork, may read at the same time.

    It is closed when the last value that holds it goes.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._size = os.fstat(self._descriptor).st_size
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; none where they are not in the file or not readable."""
        if offset < 0 or length < 0 or offset + length > self._size:
            return b""
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError:
            return b""
