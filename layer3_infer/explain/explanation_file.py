"""Explanations of one slide on disk: ``<slide_id>.<method>.h5``, HDF5, version 1.2.

Datasets, one row per patch, in the order they were chosen:

* ``/attribution`` (K, S, S) float32: in [0, 1], relative to the patch's own strongest place.
* ``/raw`` (K, S, S) float32: signed, in the method's own unit; above 0 speaks for the target, below
  0 against it. New in 1.2; where it is missing, ``/attribution`` is taken for it.
* ``/patches`` (K, S, S, 3) uint8, RGB: the pixels explained, in the colours the network saw.
* ``/coords`` (K, 2) int64: top-left (x, y), level-0 px; -1 where the patch has no place.
* ``/probability`` (K,) float32: of the target.
* ``/labels`` (K,) int8: 1 tumour, 0 normal, -1 not known.
* ``/measures/<name>`` (K,) float64: what the method says of its own reliability; none for methods
  that say nothing. New in 1.2. LIME has ``r2``, ``rank_correlation``, ``overlap_of_strongest``,
  all NaN where the answer did not move.

Root attributes: ``format`` ``camnet-explanations``, ``format_version`` ``1.2``, ``method``,
``target``, ``slide_id``, ``slide_fingerprint``, ``patch_size`` px, ``patch_mpp`` um/px,
``model_sha256``, ``seen_in_split``, ``config_sha256``, ``patches_config_sha256`` (of the settings
the patches were extracted with, or the heatmap was made with), ``software``, ``candidates`` (how
many patches these were chosen among; new in 1.1, 0 where not known), ``choice`` (``top``,
``uncertain`` or ``named``; new in 1.2, ``top`` where it is missing). A reader refuses another
format and another major version, and ignores what it does not know.
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
FORMAT_VERSION: Final = "1.2"
RAW: Final = "raw"
MEASURES: Final = "measures"
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
    choice: str = "top"


@dataclass(frozen=True, eq=False)
class SlideExplanations:
    """The explanations of one slide.

    Attributes
    ----------
    header : Header
    explanations : tuple of Explanation
        In the order they were chosen: highest probability first, or least sure first.
    """

    header: Header
    explanations: tuple[Explanation, ...]


def file_name(slide_id: str, method: str) -> str:
    """Name of the file of one slide."""
    return f"{slide_id}.{method}.h5"


def sheet_name(slide_id: str) -> str:
    """Name of the picture that shows several methods side by side."""
    return f"{slide_id}.methods.png"


def write_explanations(path: Path, found: SlideExplanations) -> None:
    """Write the explanations of one slide, whole or not at all."""
    size = found.header.patch_size
    rows = found.explanations
    columns = {
        "attribution": np.array([e.attribution for e in rows], np.float32).reshape(-1, size, size),
        RAW: np.array([e.raw for e in rows], np.float32).reshape(-1, size, size),
        "patches": np.array([e.patch for e in rows], np.uint8).reshape(-1, size, size, 3),
        "coords": np.array([(e.x, e.y) for e in rows], np.int64).reshape(-1, 2),
        "probability": np.array([e.probability for e in rows], np.float32),
        "labels": np.array([e.label for e in rows], np.int8),
    }
    for name in rows[0].measures if rows else ():
        columns[f"{MEASURES}/{name}"] = np.array([e.measures[name] for e in rows], np.float64)
    packed: dict[str, Any] = {"compression": "gzip", "shuffle": True} if rows else {}
    with (
        whole_file(path) as partial,
        h5py.File(partial, "x", libver="v110", locking=False) as file,
    ):
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
        columns = {name: _column(path, file, name, kind) for name, kind in _SHAPES.items()}
        if RAW in file:
            columns[RAW] = _column(path, file, RAW, _SHAPES["attribution"])
        measures = {
            name: _column(path, file, f"{MEASURES}/{name}", (1, np.float64))
            for name in _names(file, MEASURES)
        }
    lengths = {name: len(column) for name, column in {**columns, **measures}.items()}
    if len(set(lengths.values())) > 1:
        raise ContractError(path, "datasets", "a row per patch in each", str(lengths), _ADVICE)
    _check_shares(path, columns["attribution"])
    columns.setdefault(RAW, columns["attribution"])
    try:
        rows = tuple(
            _explanation(header, columns, measures, row) for row in range(lengths["labels"])
        )
    except ValueError as error:
        raise ContractError(path, f"/{RAW}", "maps of patches", str(error), _ADVICE) from error
    return SlideExplanations(header, rows)


def _explanation(
    header: Header,
    columns: dict[str, npt.NDArray[Any]],
    measures: dict[str, npt.NDArray[Any]],
    row: int,
) -> Explanation:
    x, y = columns["coords"][row].tolist()
    return Explanation(
        method=header.method,
        target=header.target,
        raw=columns[RAW][row],
        patch=columns["patches"][row],
        slide_id=header.slide_id,
        x=x,
        y=y,
        probability=float(columns["probability"][row]),
        label=int(columns["labels"][row]),
        measures={name: float(values[row]) for name, values in measures.items()},
    )


def _names(file: h5py.File, group: str) -> list[str]:
    found = file.get(group)
    return list(found) if isinstance(found, h5py.Group) else []


def _check_shares(path: Path, shares: npt.NDArray[np.float32]) -> None:
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ContractError(path, "/attribution", "values from 0 to 1", "others", _ADVICE)


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


def _column(
    path: Path, file: h5py.File, name: str, kind: tuple[int, type[np.generic]]
) -> npt.NDArray[Any]:
    dimensions, dtype = kind
    stored = file.get(name)
    right = isinstance(stored, h5py.Dataset) and (stored.ndim, stored.dtype) == (dimensions, dtype)
    if not right:
        found = f"{stored.shape} {stored.dtype}" if isinstance(stored, h5py.Dataset) else "nothing"
        expected = f"{dimensions} axes of {dtype.__name__}"
        raise ContractError(path, f"/{name}", expected, found, _ADVICE)
    return np.asarray(stored)
