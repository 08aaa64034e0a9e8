"""Kept patches parked on disk until their order is known."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.codec import Stored
    from layer1_extract.candidates import Candidates

_ROWS: Final = 64


class Spool:
    """Takes kept patches in any order and gives them back by row, then by column.

    A patch file lists its patches by place, random sampling finds them by chance, and a few
    thousand patches would fill the memory. What is stored of each waits in a file without a name,
    which vanishes with the process.

    Parameters
    ----------
    folder : Path
        Where the file lives; must exist.
    patch_size : int, px
    """

    def __init__(self, folder: Path, patch_size: int) -> None:
        self._stream = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        self._shape = (patch_size, patch_size, 3)
        self._kept: list[Candidates] = []
        self._ends = [0]
        self._jpeg = False

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, kept: Candidates, stored: Stored) -> None:
        """Park some kept patches with what is stored of them; the same codec every time."""
        if not len(kept):
            return
        self._kept.append(kept)
        self._jpeg = isinstance(stored, list)
        for one in stored if stored is not None else ():
            self._ends.append(self._ends[-1] + self._stream.write(np.ascontiguousarray(one).data))

    def ordered(self) -> Iterator[tuple[Candidates, Stored]]:
        """Everything parked, by row, then by column, a bounded number at a time."""
        if not self._kept:
            return
        kept = self._kept[0].joined(self._kept[1:])
        order = np.lexsort((kept.xy[:, 0], kept.xy[:, 1]))
        for start in range(0, len(order), _ROWS):
            rows = order[start : start + _ROWS]
            yield kept.take(rows), self._stored(rows)

    def _stored(self, rows: npt.NDArray[np.intp]) -> Stored:
        if len(self._ends) == 1:
            return None
        each = [self._parked(int(row)) for row in rows]
        return each if self._jpeg else np.stack([one.reshape(self._shape) for one in each])

    def _parked(self, row: int) -> npt.NDArray[np.uint8]:
        start, end = self._ends[row], self._ends[row + 1]
        self._stream.seek(start)
        return np.frombuffer(self._stream.read(end - start), dtype=np.uint8)
