"""What a run would copy to scratch, and whether there is a point in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from common.staging.files import slide_files
from common.staging.scratch import free_room

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from common.staging.files import FileSet


@dataclass(frozen=True)
class Forecast:
    """What would be copied.

    Attributes
    ----------
    folder : str
        Scratch.
    copied : int
        Slides or patch files.
    size : int
        Their bytes.
    largest : int
        Bytes of the largest.
    in_place : list of str
        Those that cannot be copied, and why.
    free : int or None
        Bytes that may be taken; None where the folder is not on this machine.
    """

    folder: str
    copied: int
    size: int
    largest: int
    in_place: list[str]
    free: int | None

    @property
    def data(self) -> dict[str, Any]:
        """For a script."""
        return asdict(self)

    def text(self, kind: str) -> str:
        """For a person; `kind` is what is copied."""
        free = "not on this machine" if self.free is None else f"{_gb(self.free)} free"
        lines = [
            f"scratch {self.folder} ({free}): {self.copied} {kind}, {_gb(self.size)} in all, "
            f"{_gb(self.largest)} the largest; those for which there is no room are read in place"
        ]
        return "\n".join([*lines, *(f"  in place  {said}" for said in self.in_place)])


def forecast(scratch: Path, files: Mapping[Path, FileSet | str]) -> Forecast:
    """What would be copied, given the files each source consists of, or why it is not copied."""
    in_place = [f"{path}: {why}" for path, why in files.items() if isinstance(why, str)]
    sizes = [one.size for one in files.values() if not isinstance(one, str)]
    try:
        free = free_room(scratch)
    except OSError:
        free = None
    largest = max(sizes, default=0)
    return Forecast(str(scratch), len(sizes), sum(sizes), largest, in_place, free)


def forecast_slides(scratch: Path, slides: Iterable[Path]) -> Forecast:
    """What would be copied of slides, each named once or several times."""
    return forecast(scratch, {path: slide_files(path) for path in dict.fromkeys(slides)})


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
