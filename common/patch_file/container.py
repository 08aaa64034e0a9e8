"""The HDF5 file around a patch file: whatever damage it has is one kind of error."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import DAMAGE, ContractError
from common.patch_file import schema

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import numpy.typing as npt

ANEW: Final = "Extract or import it anew"

_DEFLATE: Final = 1032
"""How many times larger than what it stores compressed data can be."""

_ALWAYS_HELD: Final = 1 << 28


@contextmanager
def guarded(
    path: Path, item: str, expected: str = "what can be read"
) -> Generator[None, None, None]:
    """Raise what HDF5, JSON or NumPy make of a damaged `item` as `ContractError`."""
    try:
        yield
    except ContractError:
        raise
    except DAMAGE as error:
        found = f"{type(error).__name__}: {error}"
        raise ContractError(path, item, expected, found, ANEW) from error


def open_file(path: Path) -> h5py.File:
    """The file, read-only and without a file lock.

    Raises
    ------
    ContractError
        If it is no complete patch file of a version this software reads.
    """
    expected = "a patch file"
    with ExitStack() as opened:
        with guarded(path, "format", expected):
            if not path.exists():
                raise ContractError(path, "format", expected, "no file", ANEW)
            file = opened.enter_context(h5py.File(path, "r", locking=False))
        _refuse_others(path, file)
        opened.pop_all()
    return file


def attribute(path: Path, owner: h5py.File | h5py.Dataset, name: str) -> Any:
    """The value of an attribute as HDF5 gives it; None where there is none."""
    with guarded(path, name):
        return owner.attrs.get(name)


def dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset of the shape and type `schema.COLUMNS` states.

    Raises
    ------
    ContractError
        If it is another, or is said to hold more than the file can.
    """
    lengths, dtype = schema.COLUMNS[name]
    said = f"({', '.join(map(str, lengths))}{',' if len(lengths) == 1 else ''})"
    expected = f"{said} {dtype}"
    with guarded(path, f"/{name}", expected):
        found = file[name] if name in list(file) else None
        if not isinstance(found, h5py.Dataset):
            kind = "nothing" if found is None else f"a {type(found).__name__.lower()}"
            raise ContractError(path, f"/{name}", expected, kind, ANEW)
        if not _fits(found.shape, lengths) or found.dtype != np.dtype(dtype):
            shown = f"{found.shape} {found.dtype}"
            raise ContractError(path, f"/{name}", expected, shown, ANEW)
    return found


def values(path: Path, file: h5py.File, name: str) -> npt.NDArray[Any]:
    """All of a dataset; refused where it claims far more than the file stores of it."""
    stored = dataset(path, file, name)
    with guarded(path, f"/{name}"):
        most = max(_ALWAYS_HELD, _DEFLATE * stored.id.get_storage_size())
        if stored.nbytes > most:
            found = f"{stored.nbytes} bytes, more than are stored"
            raise ContractError(path, f"/{name}", f"at most {most} bytes", found, ANEW)
        return np.asarray(stored)


def _fits(shape: tuple[int, ...] | None, lengths: tuple[int | str, ...]) -> bool:
    """Whether a shape is the one stated; a letter stands for any length."""
    if shape is None or len(shape) != len(lengths):
        return False
    return all(
        isinstance(said, str) or said == one for one, said in zip(shape, lengths, strict=True)
    )


def _refuse_others(path: Path, file: h5py.File) -> None:
    """Refuse another format, another major version, and a file that was not finished."""
    if (name := _text(path, file, "format")) != schema.FORMAT:
        advice = "layer1-extract import reads other layouts"
        raise ContractError(path, "format", schema.FORMAT, repr(name), advice)
    version, major = _text(path, file, "format_version"), schema.FORMAT_VERSION.split(".")[0]
    if str(version).split(".")[0] != major:
        found = f"{version!r} written by {_text(path, file, 'software') or 'an unknown software'}"
        advice = "Read it with that software, or a newer one"
        raise ContractError(path, "format_version", f"{major}.x", found, advice)
    with guarded(path, "complete", "true"):
        if not schema.plain("complete", attribute(path, file, "complete"), bool):
            raise ContractError(path, "complete", "true", "false", ANEW)


def _text(path: Path, file: h5py.File, name: str) -> str | None:
    """The text an attribute holds; None where there is none."""
    value = attribute(path, file, name)
    with guarded(path, name, "a text"):
        return None if value is None else schema.plain(name, value, str)
