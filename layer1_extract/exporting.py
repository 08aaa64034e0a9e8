"""Patch files to the HDF5 layout of the original CamNet, one file for a cohort.

``tumor/level7/centre0/patient010/node4`` holds ``patches``, (N, S, S, 3) uint8 BGR, and
``locations``, (N, 2) int64: the top-left (x, y) in pixels of the level named, rounded down. Level L
is 2 to the power of L times smaller than the slide; -1 stands where a patch has no place. The
layout has no scale, no rejected patches and no group for patches of unknown label, so the patch
files stay what to keep. `layer1_extract.importers.camnet` reads it back.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ConfigError
from common.files import remove_stale_partials, whole_file
from common.patch_file import schema
from common.patch_file.folder import patch_paths
from common.patch_file.reader import PatchFile
from common.patch_file.stream import RememberingStream
from common.progress import progress
from common.provenance import software
from layer1_extract.camnet_groups import nodes_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from layer1_extract.camnet_groups import Node

_CLASSES: Final = {"tumor": schema.TUMOR, "normal": schema.NORMAL}
_ROWS: Final = 64
_BATCH_BYTES: Final = 64 << 20


def export_camnet(patches: Path, out: Path, level: int = 7, *, overwrite: bool = False) -> int:
    """Write all patches of a folder of patch files into one file of the original layout.

    Parameters
    ----------
    patches : Path
        A patch file, or a folder of them.
    out : Path
        The file to write; whole or absent.
    level : int
        Level whose pixels the locations are in. 0 loses nothing; the original used 7.
    overwrite : bool
        Replace a file that is there.

    Returns
    -------
    int
        Number of patches written.

    Raises
    ------
    ConfigError
        If something has no place in the layout, naming every file it is so with; or the file is
        there.
    ContractError
        If a patch file is damaged.
    """
    if out.exists() and not overwrite:
        raise ConfigError(f"{out}: expected no file, found one. Give --overwrite to replace it")
    paths = [patches] if patches.is_file() else patch_paths(patches)
    if out.exists() and any(path.samefile(out) for path in paths):
        raise ConfigError(f"{out}: --out: expected another file, found a patch file to export")
    nodes = nodes_of(paths)
    remove_stale_partials(out)
    with whole_file(out) as partial, _new_file(partial) as (file, stream):
        with stream.writing():
            file.attrs.update(software=software(), downsample=2**level)
        layout = _Layout(file, stream, level)
        total = sum(len(_labels(path)) for path in paths)
        with progress(None, "export", unit="patch", total=total) as bar:
            for node in nodes:
                for name, label in _CLASSES.items():
                    bar.update(layout.add(name, label, node))
    return total


class _Layout:
    """A file of the original layout while it is being written."""

    def __init__(self, file: h5py.File, stream: RememberingStream, level: int) -> None:
        self._file = file
        self._stream = stream
        self._level = level

    def add(self, name: str, label: int, node: Node) -> int:
        """Write the patches of one class of one node; how many there were."""
        rows = [np.flatnonzero(_labels(path) == label) for path in node.paths]
        total, size = sum(map(len, rows)), node.patch_size
        if not total:
            return 0
        with self._stream.writing():
            group = self._file.create_group(f"{name}/level{self._level}/{node.group}")
            pixels = group.create_dataset("patches", (total, size, size, 3), np.uint8)
            places = group.create_dataset("locations", (total, 2), np.int64)
        start = 0
        for path, mine in zip(node.paths, rows, strict=True):
            self._copy(path, mine, pixels, places, start)
            start += len(mine)
        return total

    def _copy(self, path: Path, rows: Any, pixels: Any, places: Any, start: int) -> None:
        step = max(1, min(_ROWS, _BATCH_BYTES // int(np.prod(pixels.shape[1:]))))
        with closing(PatchFile(path)) as source:
            coords = source.coords[rows] >> self._level  # -1, no place, stays -1
            for first in range(0, len(rows), step):
                patches = source.read(rows[first : first + step])
                at = slice(start + first, start + first + len(patches))
                with self._stream.writing():
                    pixels[at] = patches[..., ::-1]
                    places[at] = coords[first : first + step]


def _labels(path: Path) -> np.ndarray[Any, np.dtype[np.int8]]:
    with closing(PatchFile(path)) as source:
        return source.labels


@contextmanager
def _new_file(path: Path) -> Generator[tuple[h5py.File, RememberingStream], None, None]:
    """A new HDF5 file, and the stream that raises what could not be written."""
    with RememberingStream(path, "x+b") as stream:
        with stream.writing():
            file = h5py.File(stream, "w", locking=False)
        try:
            yield file, stream
        finally:
            with stream.writing():
                file.close()
