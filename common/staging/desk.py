"""A folder on scratch where results are written before they go to their place."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.staging.copying import copied
from common.staging.proof import brought_back

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from common.staging.copying import Copy


@dataclass(frozen=True)
class Desk:
    """Where results are written before they go to their place.

    Attributes
    ----------
    folder : Path
        On scratch; must exist.
    copy : callable
        What copies a file, as `common.staging.copying.copied` does.
    """

    folder: Path
    copy: Copy = copied


@contextmanager
def brought(path: Path, desk: Desk | None) -> Generator[Path, None, None]:
    """Yield where to write the file that becomes `path` when this ends well.

    With a desk it is written there, whole, and then brought; None writes to `path` itself.
    """
    if desk is None:
        yield path
        return
    local = desk.folder / path.name
    try:
        yield local
        brought_back(local, path, desk.copy)
    finally:
        with suppress(OSError):
            local.unlink(missing_ok=True)
