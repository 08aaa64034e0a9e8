"""Heatmap files: see `heatmap_file.md` beside this module, which alone spells their names."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import h5py
import numpy as np

from common.errors import ContractError
from common.files import whole_file
from common.grid import Grid
from layer3_infer.heatmap import Heatmap

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = "camnet-heatmap"
FORMAT_VERSION: Final = "1.1"
SUFFIX: Final = ".heatmap.h5"
PROBABILITY: Final = "probability"
ORIGIN: Final = "origin"
STRIDE: Final = "stride"
EDGE: Final = "patch_size_level0"
TRAINED_ON: Final = "trained_on_this_slide"
TISSUE: Final = "tissue"
PATCH_FILES: Final = "patches"
LOCATIONS: Final = (TISSUE, PATCH_FILES)
TRAINING_SPLITS: Final = ("train", "valid")
_SPLITS: Final = ("", *TRAINING_SPLITS, "test")
_ADVICE: Final = "Make the heatmap anew"


@dataclass(frozen=True)
class Header:
    """What a heatmap file says beside the heatmap, each under its own name.

    Attributes
    ----------
    slide_id, slide_fingerprint : str
    level0_width, level0_height : int, level-0 px
    level0_mpp : float, um/px
    mpp_source : str
        Who says the scale: a property of the slide, or ``stated``.
    reader : str
        Library and version that decoded the pixels.
    patch_size : int, px
    patch_mpp : float, um/px
        Scale of the pixels the network saw.
    locations : {"tissue", "patches"}
        Whether the patches were found on the slide's tissue, or by layer 1.
    model_sha256 : str
    seen_in_split : {"", "train", "valid", "test"}
        Where the model has met this slide or its patient; empty if nowhere.
    config_sha256, software : str
    preprocessing_sha256 : str
        Of the model's preprocessing, with the orientations that were asked for; empty in files of
        version 1.0.
    """

    slide_id: str
    slide_fingerprint: str
    level0_width: int
    level0_height: int
    level0_mpp: float
    mpp_source: str
    reader: str
    patch_size: int
    patch_mpp: float
    locations: str
    model_sha256: str
    seen_in_split: str
    config_sha256: str
    software: str
    preprocessing_sha256: str = ""

    @property
    def trained_on_this_slide(self) -> bool:
        """Whether the model was fitted to, or chosen on, this slide or its patient."""
        return self.seen_in_split in TRAINING_SPLITS


@dataclass(frozen=True, eq=False)
class HeatmapFile:
    """A heatmap file as a value.

    Attributes
    ----------
    header : Header
    heatmap : Heatmap
    """

    header: Header
    heatmap: Heatmap


def write_heatmap(path: Path, header: Header, heatmap: Heatmap) -> None:
    """Write a heatmap file, whole or not at all; one already there is replaced."""
    grid = heatmap.grid
    packed: dict[str, Any] = {"compression": "gzip", "shuffle": True}
    options = packed if heatmap.values.size else {}
    with (
        whole_file(path) as partial,
        h5py.File(partial, "x", libver="v110", locking=False) as file,
    ):
        file.create_dataset(PROBABILITY, data=heatmap.values, **options)
        file.attrs.update(format=FORMAT, format_version=FORMAT_VERSION, **asdict(header))
        file.attrs[ORIGIN] = np.array(grid.origin, dtype=np.int64)
        file.attrs[STRIDE] = np.array([grid.stride, grid.stride], dtype=np.int64)
        file.attrs[EDGE] = grid.edge
        file.attrs[TRAINED_ON] = header.trained_on_this_slide


def read_heatmap(path: Path) -> HeatmapFile:
    """A heatmap file that keeps every MUST of the specification.

    Raises
    ------
    ContractError
        The first violation; a version this software does not know names the one that wrote it.
    """
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        found = "no file" if not path.exists() else f"a file HDF5 cannot open ({error})"
        raise ContractError(path, "format", "a heatmap file", found, _ADVICE) from error
    with file:
        _check_version(path, file.attrs)
        header = _header(path, file.attrs)
        return HeatmapFile(header, _heatmap(path, file))


def check(path: Path) -> Header:
    """The header of a file that keeps every MUST, whose name is that of its slide."""
    header = read_heatmap(path).header
    if path.name != header.slide_id + SUFFIX:
        raise ContractError(
            path, "file name", header.slide_id + SUFFIX, path.name, "Rename it back"
        )
    return header


def _check_version(path: Path, attributes: Any) -> None:
    name, version = attributes.get("format"), str(attributes.get("format_version", ""))
    if name != FORMAT:
        raise ContractError(path, "format", FORMAT, repr(name))
    if version.split(".")[0] != FORMAT_VERSION.split(".")[0]:
        writer = attributes.get("software", "an unknown software")
        raise ContractError(
            path,
            "format_version",
            f"{FORMAT_VERSION.split('.')[0]}.x",
            f"{version!r} written by {writer}",
            "Read it with that software, or a newer one",
        )


def _header(path: Path, attributes: Any) -> Header:
    kinds = get_type_hints(Header)
    named = [f.name for f in fields(Header) if f.default is MISSING or f.name in attributes]
    header = Header(**{name: _plain(path, attributes, name, kinds[name]) for name in named})
    for name in ("level0_width", "level0_height", "level0_mpp", "patch_size", "patch_mpp"):
        if not 0 < getattr(header, name) < float("inf"):
            found = repr(getattr(header, name))
            raise ContractError(path, name, "a number greater than 0", found, _ADVICE)
    for name, known in (("locations", LOCATIONS), ("seen_in_split", _SPLITS)):
        if getattr(header, name) not in known:
            raise ContractError(path, name, f"one of {known}", repr(getattr(header, name)))
    if _plain(path, attributes, TRAINED_ON, bool) != header.trained_on_this_slide:
        expected = f"{header.trained_on_this_slide}, by seen_in_split"
        raise ContractError(path, TRAINED_ON, expected, str(not header.trained_on_this_slide))
    return header


def _heatmap(path: Path, file: h5py.File) -> Heatmap:
    stored = file.get(PROBABILITY)
    if not isinstance(stored, h5py.Dataset) or stored.ndim != 2 or stored.dtype != np.float32:
        found = f"{stored.shape} {stored.dtype}" if isinstance(stored, h5py.Dataset) else "nothing"
        raise ContractError(path, f"/{PROBABILITY}", "(rows, columns) float32", found, _ADVICE)
    x, y = _pair(path, file.attrs, ORIGIN)
    stride, other = _pair(path, file.attrs, STRIDE)
    edge = _plain(path, file.attrs, EDGE, int)
    if stride != other or min(stride, edge) < 1:
        found = f"stride ({stride}, {other}) and edge {edge}"
        raise ContractError(path, STRIDE, "one stride for x and y, at least 1 px", found, _ADVICE)
    rows, columns = stored.shape
    try:
        return Heatmap(
            Grid((x, y), stride, edge, rows, columns), np.asarray(stored, dtype=np.float32)
        )
    except ValueError as error:
        found = "values outside"
        raise ContractError(path, f"/{PROBABILITY}", "0 to 1, or NaN", found, _ADVICE) from error


def _pair(path: Path, attributes: Any, name: str) -> tuple[int, int]:
    value = np.asarray(attributes.get(name, ()))
    if value.shape != (2,) or value.dtype.kind not in "iu":
        found = f"{value.shape} {value.dtype}" if name in attributes else "nothing"
        raise ContractError(path, name, "(x, y) int64", found, _ADVICE)
    return int(value[0]), int(value[1])


def _plain(path: Path, attributes: Any, name: str, kind: type) -> Any:
    """A scalar attribute as the Python value the header holds."""
    if name not in attributes:
        raise ContractError(path, name, f"an attribute of type {kind.__name__}", "nothing", _ADVICE)
    value = attributes[name]
    value = value.item() if hasattr(value, "item") and np.ndim(value) == 0 else value
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ContractError(path, name, kind.__name__, repr(value), _ADVICE)
    return value
