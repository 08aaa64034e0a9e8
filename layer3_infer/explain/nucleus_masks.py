"""Nuclei that the user gives, found by other software: ``<patch file's stem>.nuclei.h5``, HDF5.

One file per patch file, its rows those of the patch file:

* ``/nuclei`` (N, S, S), an unsigned or signed integer type: 0 background; each other value is one
  nucleus of the patch.
* ``/coords`` (N, 2) int64, optional: copied from the patch file. Where it is there it must be the
  same, so that labels in another order are refused.

Labels are read a few patches at a time, so chunks of a patch each, ``(1, S, S)``, are best.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import DAMAGE, ContractError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile

NUCLEI: Final = "nuclei"
COORDS: Final = "coords"
SUFFIX: Final = ".nuclei.h5"
_ADVICE: Final = "Make its labels anew from this patch file, row by row"


def mask_path(folder: Path, patches: PatchFile) -> Path:
    """Where the nuclei of a patch file are expected."""
    return folder / (patches.path.stem + SUFFIX)


class NucleusMasks:
    """The given nuclei of one patch file.

    Parameters
    ----------
    folder : Path
    patches : PatchFile

    Raises
    ------
    ContractError
        If the file is missing, is damaged, or is not of these patches.
    """

    def __init__(self, folder: Path, patches: PatchFile) -> None:
        self.path = mask_path(folder, patches)
        size = patches.header.patch_size
        self._shape = (len(patches), size, size)
        with self._opened() as file:
            _check_nuclei(self.path, file, self._shape)
            _check_coords(self.path, file, patches)

    def read(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The nuclei of some patches.

        Parameters
        ----------
        rows : (K,) int
            Which patches, in any order, repeats allowed.

        Returns
        -------
        (K, S, S) int64
            In the order of `rows`. Labels as given, which need not be 1 to K.

        Raises
        ------
        ContractError
            If a label is negative, or is damaged.
        """
        wanted = np.asarray(rows, np.int64)
        labels = np.empty((len(wanted), *self._shape[1:]), np.int64)
        with self._opened() as file:
            stored: Any = file[NUCLEI]
            for place, row in enumerate(wanted.tolist()):
                labels[place] = stored[row]
        for row, label in zip(wanted.tolist(), labels, strict=True):
            if label.min() < 0:
                raise ContractError(
                    self.path, f"/{NUCLEI}", "0 or more", f"{label.min()} in row {row}", _ADVICE
                )
        return labels

    @contextmanager
    def _opened(self) -> Generator[h5py.File, None, None]:
        """The file; what HDF5 makes of damage is raised as `ContractError`."""
        expected = "an HDF5 file with the nuclei of a patch file"
        if not self.path.is_file():
            raise ContractError(self.path, f"/{NUCLEI}", expected, "no file", _ADVICE)
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                yield file
        except ContractError:
            raise
        except DAMAGE as error:
            found = f"{type(error).__name__}: {error}"
            raise ContractError(self.path, f"/{NUCLEI}", expected, found, _ADVICE) from error


def _check_nuclei(path: Path, file: h5py.File, shape: tuple[int, ...]) -> None:
    stored = file.get(NUCLEI)
    expected = f"{shape} of whole numbers"
    if not isinstance(stored, h5py.Dataset):
        names = ", ".join(sorted(file)) or "nothing"
        raise ContractError(path, f"/{NUCLEI}", expected, names, _ADVICE)
    if stored.shape != shape or stored.dtype.kind not in "iu":
        raise ContractError(path, f"/{NUCLEI}", expected, f"{stored.shape} {stored.dtype}", _ADVICE)


def _check_coords(path: Path, file: h5py.File, patches: PatchFile) -> None:
    """Refuse labels of other patches, where the file says of which they are."""
    stored = file.get(COORDS)
    if stored is None:
        return
    expected = f"those of {patches.path.name}"
    if not isinstance(stored, h5py.Dataset) or stored.shape != patches.coords.shape:
        found = f"{getattr(stored, 'shape', 'a group')}"
        raise ContractError(path, f"/{COORDS}", expected, found, _ADVICE)
    other = np.flatnonzero(np.any(np.asarray(stored) != patches.coords, axis=1))
    if len(other):
        row = int(other[0])
        here, there = np.asarray(stored[row]).tolist(), patches.coords[row].tolist()
        found = f"{here} in row {row}, where the patches have {there}"
        raise ContractError(path, f"/{COORDS}", expected, found, _ADVICE)
