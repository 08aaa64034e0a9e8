"""What one process has on scratch: copies of files, and a desk for results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.staging import copies
from common.staging.desk import Desk
from common.staging.sharing import share

if TYPE_CHECKING:
    from pathlib import Path

    from common.staging.files import FileSet
    from common.staging.scratch import Scratch


@dataclass(frozen=True)
class Hold:
    """A folder of this process's own on scratch.

    Attributes
    ----------
    scratch : Scratch
    folder : Path
    """

    scratch: Scratch
    folder: Path
    _fetched: dict[Path, FileSet] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        """Where results are written before they go to their place."""
        folder = self.folder / "results"
        folder.mkdir(exist_ok=True)
        return Desk(folder, self.scratch.copy)

    def fetch(self, files: FileSet) -> Path:
        """Copies of files, made here unless another process of this node has them.

        Returns
        -------
        Path
            The folder the copies lie in, by the names they have in theirs.

        Raises
        ------
        CopyError
            If a copy differs, twice.
        OSError
            With ENOSPC where there is too little room.
        """
        own = self.folder / files.key
        share(files, own, self.scratch)
        self._fetched[own] = files
        return own / copies.DATA

    def is_whole(self) -> bool:
        """Whether all copies are what they were when they were made, byte by byte."""
        return all(copies.are_whole(files, own) for own, files in list(self._fetched.items()))

    def told(self, text: str) -> str:
        """A message about copies, as one about their sources."""
        said = text
        for own, files in list(self._fetched.items()):
            said = said.replace(str(own / copies.DATA), str(files.root))
        return said if said == text else f"{said} (read from a copy in {self.folder})"
