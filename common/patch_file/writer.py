"""Writing a patch file: streamed, and whole or absent."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from common.files import whole_file
from common.patch_file import schema
from common.patch_file.codec import Codec, encode_jpeg
from common.patch_file.stream import RememberingStream

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.codec import Stored

_ROWS = 1024
_REJECTED_ROWS = 1 << 14
_JPEG_BYTES = 1 << 18
_WAITING_BYTES = 1 << 22
"""JPEG files written together: HDF5 takes as long over few bytes as over many."""


class PatchWriter:
    """Appends kept and rejected candidates to an open file. Made by `open_writer`."""

    def __init__(
        self,
        file: h5py.File,
        stream: RememberingStream,
        header: schema.Header,
        codec: Codec,
        quality: int,
    ) -> None:
        self.header = header
        self._file = file
        self._stream = stream
        self._codec = codec
        self._quality = quality
        self._rejected: list[tuple[npt.NDArray[np.int64], int]] = []
        self._rejections: Counter[int] = Counter()
        self._waiting: list[npt.NDArray[np.uint8]] = []
        self._columns: dict[str, list[npt.NDArray[Any]]] = defaultdict(list)
        self._bytes = 0
        with stream.writing():
            self._create()

    def append(
        self,
        coords: npt.NDArray[np.int64],
        labels: npt.NDArray[np.int8],
        tumor_fraction: npt.NDArray[np.float32],
        tissue_fraction: npt.NDArray[np.float32],
        patches: Stored = None,
    ) -> None:
        """Add kept patches, after all those added before.

        Pixels go to the file, a few MiB at a time; the rest, which is small, waits for `finish`.

        Parameters
        ----------
        coords : (N, 2) int64, level-0 px
            Top-left (x, y), by row then by column over all calls.
        labels : (N,) int8
        tumor_fraction, tissue_fraction : (N,) float32
            NaN where not known.
        patches : (N, S, S, 3) uint8, RGB, or list of N (B,) uint8, or None
            With codec jpeg a list of JPEG files is taken as it is. None, and only then, for a file
            of locations.

        Raises
        ------
        OSError
            Where the file cannot be written.
        """
        if (patches is None) != (self._codec == "none"):
            raise ValueError(f"patches must be given, unless codec is none; it is {self._codec}")
        columns = {
            schema.COORDS: coords,
            schema.LABELS: labels,
            schema.TUMOR_FRACTION: tumor_fraction,
            schema.TISSUE_FRACTION: tissue_fraction,
        }
        for name, values in columns.items():
            self._columns[name].append(values)
        if patches is None or not len(coords):
            return
        with self._stream.writing():
            if self._codec == "raw":
                self._extend(schema.PATCHES, patches)
            elif isinstance(patches, list):
                self._append_jpeg(patches)
            else:
                self._append_jpeg([encode_jpeg(patch, self._quality) for patch in patches])

    def reject(self, coords: npt.NDArray[np.int64], reason: str) -> None:
        """Account for candidates that were looked at and not kept.

        Parameters
        ----------
        coords : (M, 2) int64, level-0 px
            In any order, as long as `settle` is not used.
        reason : str
            A key of `schema.REASONS`.
        """
        self._rejected.append((coords, schema.REASONS[reason]))

    def settle(self) -> None:
        """Write the rejections so far; all to come lie after them, by row, then by column.

        Keeps memory bounded where the grid has very many places.
        """
        if not self._rejected:
            return
        coords, codes = self._sorted_rejections()
        self._rejected.clear()
        self._rejections.update(codes.tolist())
        with self._stream.writing():
            self._extend(schema.REJECTED_COORDS, coords)
            self._extend(schema.REJECTED_REASON, codes)

    def finish(self) -> dict[str, int]:
        """Write what is known only at the end, and mark the file complete.

        Returns
        -------
        dict
            The numbers of patches kept, by label, and rejected, by reason.
        """
        self.settle()
        with self._stream.writing():
            self._write_waiting()
            for name, values in self._columns.items():
                self._extend(name, np.concatenate(values))
            counts = self._counts()
            self._file.attrs["counts"] = json.dumps(counts)
            self._file.attrs["complete"] = True
        return counts

    def _create(self) -> None:
        attributes = self.header.attributes()
        self._file.attrs.update(
            format=schema.FORMAT, format_version=schema.FORMAT_VERSION, complete=False, **attributes
        )
        coords = self._growing(schema.COORDS, (2,), np.int64)
        coords.attrs.update(self.header.coords_attributes(self.header.slide_id))
        self._growing(schema.LABELS, (), np.int8)
        self._growing(schema.TUMOR_FRACTION, (), np.float32)
        self._growing(schema.TISSUE_FRACTION, (), np.float32)
        packed = {"rows": _REJECTED_ROWS, "compression": "gzip", "shuffle": True}
        self._growing(schema.REJECTED_COORDS, (2,), np.int64, **packed)
        reasons = self._growing(schema.REJECTED_REASON, (), np.uint8, **packed)
        reasons.attrs[schema.REASONS_ATTRIBUTE] = json.dumps(schema.REASONS)
        if self._codec == "raw":
            size = self.header.patch_size
            self._growing(schema.PATCHES, (size, size, 3), np.uint8, rows=1)
        elif self._codec == "jpeg":
            self._growing(schema.JPEG_BYTES, (), np.uint8, rows=_JPEG_BYTES)
            offsets = self._growing(schema.JPEG_OFFSETS, (), np.int64)
            offsets.attrs[schema.JPEG_QUALITY] = self._quality
            self._extend(schema.JPEG_OFFSETS, np.zeros(1, dtype=np.int64))

    def _growing(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        rows: int = _ROWS,
        **packed: Any,
    ) -> h5py.Dataset:
        return self._file.create_dataset(
            name,
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(rows, *shape),
            dtype=dtype,
            **packed,
        )

    def _extend(self, name: str, values: Any) -> None:
        dataset = self._file[name]
        assert isinstance(dataset, h5py.Dataset)
        start = len(dataset)
        dataset.resize(start + len(values), axis=0)
        dataset[start:] = values

    def _append_jpeg(self, files: list[npt.NDArray[np.uint8]]) -> None:
        ends = self._bytes + np.cumsum([len(one) for one in files], dtype=np.int64)
        self._bytes = int(ends[-1])
        self._columns[schema.JPEG_OFFSETS].append(ends)
        self._waiting += files
        if sum(map(len, self._waiting)) >= _WAITING_BYTES:
            self._write_waiting()

    def _write_waiting(self) -> None:
        if self._waiting:
            self._extend(schema.JPEG_BYTES, np.concatenate(self._waiting))
            self._waiting.clear()

    def _sorted_rejections(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        coords = np.concatenate([coords for coords, _ in self._rejected])
        codes = np.concatenate([np.full(len(c), code, np.uint8) for c, code in self._rejected])
        order = np.lexsort((codes, coords[:, 0], coords[:, 1]))
        return coords[order], codes[order]

    def _counts(self) -> dict[str, int]:
        labels = np.asarray(self._file[schema.LABELS])
        kept = {name: int((labels == label).sum()) for label, name in schema.LABEL_NAMES.items()}
        rejected = {name: self._rejections[code] for name, code in schema.REASONS.items()}
        return {"kept": len(labels), **kept, "rejected": self._rejections.total(), **rejected}


@contextmanager
def open_writer(
    path: Path, header: schema.Header, codec: Codec = "raw", quality: int = 95
) -> Generator[PatchWriter, None, None]:
    """A writer whose file takes its name only when `PatchWriter.finish` was reached.

    Parameters
    ----------
    path : Path
        The final name; a file there is replaced, once the new one is whole.
    header : Header
    codec : {"raw", "jpeg", "none"}
        How pixels are stored; none writes locations only.
    quality : int, 1 to 100
        Of JPEG.

    Raises
    ------
    ConfigError
        Where the file cannot be written, a full disk for one; nothing is left behind.
    """
    with (
        whole_file(path) as partial,
        RememberingStream(partial, "x+b") as stream,
        _hdf5(stream) as file,
    ):
        yield PatchWriter(file, stream, header, codec, quality)
        if not file.attrs["complete"]:
            raise RuntimeError(f"{path}: finish() was not called")


@contextmanager
def _hdf5(stream: RememberingStream) -> Generator[h5py.File, None, None]:
    """A new HDF5 file whose closing, too, raises what the stream remembers.

    It is closed even where a signal interrupts its opening: HDF5 writes to the stream until then.
    """
    with ExitStack() as opened:
        with stream.writing():
            file = h5py.File(stream, "w", libver="v110", locking=False)
            opened.callback(_close, file, stream)
        yield file


def _close(file: h5py.File, stream: RememberingStream) -> None:
    with stream.writing():
        file.close()
