"""How far each unit of a run is, in a file that the processes of one machine share.

No locks: each unit has a row of its own, and a process that is killed leaves nothing held.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy.typing as npt

    Report = Callable[[int, float], None]
    """Takes the patches kept so far, and the share of the candidates looked at, 0 to 1."""

_ROW: Final = np.dtype([("kept", "<i8"), ("share", "<f8")])


@dataclass(frozen=True)
class Board:
    """One row per unit; can be sent to another process. Made by `open_board`.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def report(self, row: int) -> Report:
        """A function that sets what is known of unit `row`."""
        return partial(_set, self.path, row)

    def read(self) -> npt.NDArray[Any]:
        """(N,) records of ``kept``, patches so far, and ``share``, 0 to 1."""
        return np.fromfile(self.path, dtype=_ROW)


@contextmanager
def open_board(units: int) -> Generator[Board, None, None]:
    """A board on which nothing is done yet; it vanishes afterwards."""
    with tempfile.TemporaryDirectory(prefix="camnet-") as folder:
        path = Path(folder) / "board"
        np.zeros(units, dtype=_ROW).tofile(path)
        yield Board(path)


def _set(path: Path, row: int, kept: int, share: float) -> None:
    record = np.array((kept, min(max(share, 0.0), 1.0)), dtype=_ROW)
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, record.tobytes(), row * _ROW.itemsize)
    finally:
        os.close(descriptor)
