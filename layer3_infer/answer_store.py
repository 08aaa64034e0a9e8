"""Answers of slides that are not finished, kept so that none is asked for twice.

One small file per half minute of work, each written by one process under a name nobody else has:
tasks that share a slide, on any number of nodes, need no lock.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from common.files import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from layer3_infer.heatmap_file import Header

ROW: Final = "row"
SCORE: Final = "score"
_KIND: Final = np.dtype([(ROW, np.int64), (SCORE, np.float32)])
_SUFFIX: Final = ".npy"
_DIGITS: Final = 16
_HEADER: Final = 128
"""Bytes of a file before its answers."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnswerStore:
    """The answers of one slide, for one model, one configuration and one set of locations.

    Attributes
    ----------
    folder : Path
        Of all that is unfinished in a run.
    slide_id : str
    key : str
        What the answers follow from; others' answers are not seen.
    """

    folder: Path
    slide_id: str
    key: str

    @classmethod
    def of(cls, folder: Path, header: Header, xy: npt.NDArray[np.int64]) -> AnswerStore:
        """The store of a slide.

        Parameters
        ----------
        folder : Path
        header : Header
            Of the heatmap that will hold the answers; only its software does not count.
        xy : (N, 2) int64, level-0 px
            The locations, in their order.
        """
        follows = {**asdict(header), "software": ""}
        hashed = hashlib.sha256(json.dumps(follows, sort_keys=True).encode())
        hashed.update(np.ascontiguousarray(xy, dtype="<i8").tobytes())
        return cls(folder, header.slide_id, hashed.hexdigest()[:_DIGITS])

    def known(self, count: int) -> npt.NDArray[np.float32]:
        """The answers there are, (count,) float32 by location; NaN where there is none yet."""
        scores = np.full(count, np.nan, dtype=np.float32)
        for path, key in self._files():
            found = _read(path) if key == self.key else None
            if found is not None:
                right = (found[ROW] >= 0) & (found[ROW] < count)
                right &= (found[SCORE] >= 0) & (found[SCORE] <= 1)
                scores[found[ROW][right]] = found[SCORE][right]
        return scores

    def add(self, rows: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> Path | None:
        """Keep the answers for the locations `rows`, (K,), whole or not at all; where they lie."""
        if not len(rows):
            return None
        table = np.empty(len(rows), _KIND)
        table[ROW], table[SCORE] = rows, scores
        name = f"{self.slide_id}.{self.key}.{secrets.token_hex(_DIGITS // 2)}{_SUFFIX}"
        with whole_file(self.folder / name) as partial, partial.open("xb") as stream:
            np.save(stream, table, allow_pickle=False)
        return self.folder / name

    @property
    def begun(self) -> bool:
        """Whether there are answers of the slide, to whatever question."""
        return bool(self._files())

    def clear(self) -> None:
        """Remove all that is kept of the slide: it is finished, or done anew."""
        for path, _ in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[tuple[Path, str]]:
        """Files of this slide and their keys, in an order that is always the same."""
        paths = sorted(self.folder.glob(f"[!.]*{_SUFFIX}"))
        parts = ((path, path.name.removesuffix(_SUFFIX).rsplit(".", 2)) for path in paths)
        return [(path, said[1]) for path, said in parts if said[0] == self.slide_id]


@dataclass(frozen=True)
class Begun:
    """What is kept of a slide that is not finished.

    Attributes
    ----------
    patches : int
        That have an answer, to whatever question.
    heard : float
        When the last were kept, seconds since 1970 by the clock of the file system.
    """

    patches: int
    heard: float


def begun_in(folder: Path) -> dict[str, Begun]:
    """The slides of which there are answers in `folder`, told without reading these."""
    found: dict[str, Begun] = {}
    for path in folder.glob(f"[!.]*{_SUFFIX}"):
        with suppress(FileNotFoundError):  # its slide was finished meanwhile
            said, slide_id = path.stat(), path.name.removesuffix(_SUFFIX).rsplit(".", 2)[0]
            before = found.get(slide_id, Begun(0, 0.0))
            patches = max(0, said.st_size - _HEADER) // _KIND.itemsize
            heard = max(before.heard, said.st_mtime)
            found[slide_id] = Begun(before.patches + patches, heard)
    return found


def _read(path: Path) -> npt.NDArray[np.void] | None:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        log.warning("%s is left out, its patches are answered anew: %s", path, error)
        return None
    return found if found.dtype == _KIND else None
