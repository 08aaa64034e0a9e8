"""What a run would copy to scratch, and whether there is a point in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from common.amounts import size
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
    at_once : int
        Of them, as many as may lie there at a time.
    room : int
        Bytes of so many of the largest.
    in_place : list of str
        Those that cannot be copied, and why.
    free : int or None
        Bytes that may be taken; None where the folder is not on this machine.
    """

    folder: str
    copied: int
    size: int
    largest: int
    at_once: int
    room: int
    in_place: list[str]
    free: int | None

    @property
    def data(self) -> dict[str, Any]:
        """For a script."""
        return asdict(self)

    def text(self, kind: str) -> str:
        """For a person; `kind` is what is copied."""
        free = "not on this machine" if self.free is None else f"{size(self.free)} free"
        lines = [
            f"scratch {self.folder} ({free}): {self.copied} {kind}, {size(self.size)} in all, "
            f"{size(self.largest)} the largest; up to {self.at_once} at a time, {size(self.room)}; "
            "those for which there is no room are read in place"
        ]
        return "\n".join([*lines, *(f"  in place  {said}" for said in self.in_place)])


def forecast(
    scratch: Path, files: Mapping[Path, FileSet | str], at_once: int | None = None
) -> Forecast:
    """What would be copied, given the files each source consists of, or why it is not copied.

    At most `at_once` lie there at a time; None keeps all.
    """
    in_place = [f"{path}: {why}" for path, why in files.items() if isinstance(why, str)]
    sizes = sorted((one.size for one in files.values() if not isinstance(one, str)), reverse=True)
    together = sizes[:at_once]
    try:
        free = free_room(scratch)
    except OSError:
        free = None
    return Forecast(
        str(scratch),
        copied=len(sizes),
        size=sum(sizes),
        largest=max(sizes, default=0),
        at_once=len(together),
        room=sum(together),
        in_place=in_place,
        free=free,
    )


def forecast_slides(scratch: Path, slides: Iterable[Path], at_once: int | None = None) -> Forecast:
    """What would be copied of slides, each named once or several times."""
    return forecast(scratch, {path: slide_files(path) for path in dict.fromkeys(slides)}, at_once)
