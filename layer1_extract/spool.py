"""Kept patches parked on disk until their order is known."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from layer1_extract.candidates import Candidates
    from layer1_extract.selection import Selected

_ROWS = 64


class Spool:
    """Takes kept patches in any order and gives them back by row, then by column.

    A patch file lists its patches by place, random sampling finds them by chance, and a few
    thousand patches would fill the memory. The pixels wait in a file without a name, which
    vanishes with the process.

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

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, step: Selected) -> None:
        """Park the kept patches of one step."""
        if len(step.kept):
            self._kept.append(step.kept)
            self._stream.write(np.ascontiguousarray(step.patches).tobytes())

    def ordered(self) -> Iterator[tuple[Candidates, npt.NDArray[np.uint8]]]:
        """Everything parked, by row, then by column, a bounded number at a time."""
        if not self._kept:
            return
        kept = self._kept[0].joined(self._kept[1:])
        order = np.lexsort((kept.xy[:, 0], kept.xy[:, 1]))
        for start in range(0, len(order), _ROWS):
            rows = order[start : start + _ROWS]
            yield kept.take(rows), np.stack([self._patch(int(row)) for row in rows])

    def _patch(self, row: int) -> npt.NDArray[np.uint8]:
        length = int(np.prod(self._shape))
        self._stream.seek(row * length)
        return np.frombuffer(self._stream.read(length), dtype=np.uint8).reshape(self._shape)
