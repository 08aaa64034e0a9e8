"""Explanations of one slide on disk: ``<slide_id>.<method>.h5``, HDF5, version 1.1.

Datasets, one row per patch, highest probability first:

* ``/attribution`` (K, S, S) float32: in [0, 1], relative to the patch's own strongest place.
* ``/patches`` (K, S, S, 3) uint8, RGB: the pixels explained, in the colours the network saw.
* ``/coords`` (K, 2) int64: top-left (x, y), level-0 px; -1 where the patch has no place.
* ``/probability`` (K,) float32: of the target.
* ``/labels`` (K,) int8: 1 tumour, 0 normal, -1 not known.

Root attributes: ``format`` ``camnet-explanations``, ``format_version`` ``1.1``, ``method``,
``target``, ``slide_id``, ``slide_fingerprint``, ``patch_size`` px, ``patch_mpp`` um/px,
``model_sha256``, ``seen_in_split``, ``config_sha256``, ``patches_config_sha256`` (of the settings
the patches were extracted with), ``software``, ``candidates`` (how many patches these are the
highest of; new in 1.1, 0 where not known). A reader refuses another format and another major
version, and ignores what it does not know.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ContractError
from common.files import whole_file
from layer3_infer.explain.explanation import Explanation

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

FORMAT: Final = "camnet-explanations"
FORMAT_VERSION: Final = "1.1"
_ADVICE: Final = "Make the explanations anew"
_SHAPES: Final = {
    "attribution": (3, np.float32),
    "patches": (4, np.uint8),
    "coords": (2, np.int64),
    "probability": (1, np.float32),
    "labels": (1, np.int8),
}


@dataclass(frozen=True)
class Header:
    """The root attributes, each under its own name."""

    method: str
    target: str
    slide_id: str
    slide_fingerprint: str
    patch_size: int
    patch_mpp: float
    model_sha256: str
    seen_in_split: str
    config_sha256: str
    patches_config_sha256: str
    software: str
    candidates: int = 0


@dataclass(frozen=True, eq=False)
class SlideExplanations:
    """The explanations of one slide.

    Attributes
    ----------
    header : Header
    explanations : tuple of Explanation
        Highest probability first.
    """

    header: Header
    explanations: tuple[Explanation, ...]


def file_name(slide_id: str, method: str) -> str:
    """Name of the file of one slide."""
    return f"{slide_id}.{method}.h5"


def write_explanations(path: Path, found: SlideExplanations) -> None:
    """Write the explanations of one slide, whole or not at all."""
    size = found.header.patch_size
    rows = found.explanations
    columns = {
        "attribution": np.array([e.attribution for e in rows], np.float32).reshape(-1, size, size),
        "patches": np.array([e.patch for e in rows], np.uint8).reshape(-1, size, size, 3),
        "coords": np.array([(e.x, e.y) for e in rows], np.int64).reshape(-1, 2),
        "probability": np.array([e.probability for e in rows], np.float32),
        "labels": np.array([e.label for e in rows], np.int8),
    }
    packed: dict[str, Any] = {"compression": "gzip", "shuffle": True} if rows else {}
    with whole_file(path) as partial, h5py.File(partial, "x", libver="v110") as file:
        for name, values in columns.items():
            file.create_dataset(name, data=values, **packed)
        file.attrs.update(format=FORMAT, format_version=FORMAT_VERSION, **asdict(found.header))


def read_explanations(path: Path) -> SlideExplanations:
    """The explanations in a file.

    Raises
    ------
    ContractError
        If it is no such file, or of a version this software does not know.
    """
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise ContractError(path, "format", "explanations", str(error), _ADVICE) from error
    with file:
        _check_version(path, file.attrs)
        header = _header(path, file.attrs)
        columns = [_column(path, file, name) for name in _SHAPES]
    if len({len(column) for column in columns}) > 1:
        found = str([len(column) for column in columns])
        raise ContractError(path, "datasets", "a row per patch in each", found, _ADVICE)
    try:
        rows = tuple(_explanation(header, *row) for row in zip(*columns, strict=True))
    except ValueError as error:
        found = str(error)
        raise ContractError(path, "/attribution", "maps of patches", found, _ADVICE) from error
    return SlideExplanations(header, rows)


def _explanation(
    header: Header,
    attribution: npt.NDArray[np.float32],
    patch: npt.NDArray[np.uint8],
    corner: npt.NDArray[np.int64],
    probability: np.float32,
    label: np.int8,
) -> Explanation:
    return Explanation(
        method=header.method,
        target=header.target,
        attribution=attribution,
        patch=patch,
        slide_id=header.slide_id,
        x=int(corner[0]),
        y=int(corner[1]),
        probability=float(probability),
        label=int(label),
    )


def _check_version(path: Path, attributes: Any) -> None:
    if attributes.get("format") != FORMAT:
        raise ContractError(path, "format", FORMAT, repr(attributes.get("format")))
    version = str(attributes.get("format_version", ""))
    if version.split(".")[0] != FORMAT_VERSION.split(".")[0]:
        writer = attributes.get("software", "an unknown software")
        found = f"{version!r} written by {writer}"
        expected = f"{FORMAT_VERSION.split('.')[0]}.x"
        raise ContractError(path, "format_version", expected, found, "Use that software, or newer")


def _header(path: Path, attributes: Any) -> Header:
    known = [field.name for field in fields(Header) if field.name in attributes]
    missing = [f.name for f in fields(Header) if f.default is MISSING and f.name not in known]
    if missing:
        raise ContractError(path, missing[0], "an attribute", "nothing", _ADVICE)
    values = {name: attributes[name] for name in known}
    return Header(**{k: v.item() if hasattr(v, "item") else v for k, v in values.items()})


def _column(path: Path, file: h5py.File, name: str) -> npt.NDArray[Any]:
    dimensions, dtype = _SHAPES[name]
    stored = file.get(name)
    right = isinstance(stored, h5py.Dataset) and (stored.ndim, stored.dtype) == (dimensions, dtype)
    if not right:
        found = f"{stored.shape} {stored.dtype}" if isinstance(stored, h5py.Dataset) else "nothing"
        expected = f"{dimensions} axes of {dtype.__name__}"
        raise ContractError(path, f"/{name}", expected, found, _ADVICE)
    return np.asarray(stored)
