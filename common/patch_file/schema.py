"""The names and values a patch file holds: the only module that spells them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import numpy as np

from common.parts import part_name
from common.patches import PatchSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "camnet-patches"
FORMAT_VERSION: Final = "1.0"
SUFFIX: Final = ".h5"

COORDS: Final = "coords"
PATCHES: Final = "patches"
JPEG_BYTES: Final = "jpeg_bytes"
JPEG_OFFSETS: Final = "jpeg_offsets"
JPEG_QUALITY: Final = "quality"
LABELS: Final = "labels"
TUMOR_FRACTION: Final = "tumor_fraction"
TISSUE_FRACTION: Final = "tissue_fraction"
REJECTED_COORDS: Final = "rejected_coords"
REJECTED_REASON: Final = "rejected_reason"
REASONS_ATTRIBUTE: Final = "reasons"

COLUMNS: Final = {
    COORDS: (("N", 2), "int64"),
    LABELS: (("N",), "int8"),
    TUMOR_FRACTION: (("N",), "float32"),
    TISSUE_FRACTION: (("N",), "float32"),
    REJECTED_COORDS: (("M", 2), "int64"),
    REJECTED_REASON: (("M",), "uint8"),
    JPEG_BYTES: (("B",), "uint8"),
    JPEG_OFFSETS: (("N + 1",), "int64"),
    PATCHES: (("N", "S", "S", 3), "uint8"),
}
"""Shape and type of every dataset; a letter stands for a length."""

TUMOR: Final = 1
NORMAL: Final = 0
UNKNOWN: Final = -1
LABEL_NAMES: Final = {NORMAL: "normal", TUMOR: "tumor", UNKNOWN: "unknown"}

REASONS: Final = {
    "background": 1,
    "low_tissue": 2,
    "white": 3,
    "black": 4,
    "pen": 5,
    "boundary": 6,
    "unreadable": 7,
    "excluded": 8,
}
"""Why a candidate was not kept, with the code that stands for it in the file."""

DENSE: Final = "dense"
"""The method of sampling that looks at every corner of a grid."""
MINED: Final = "mined"
"""The method of sampling that copies what a model took for tumour out of other patch files."""

SPLITS: Final = ("", "train", "valid", "test")


@dataclass(frozen=True)
class Header:
    """The root attributes of a patch file, each under its own name.

    Attributes
    ----------
    slide_id, patient, node, centre : str
        Whose patches these are; all but `slide_id` empty where unknown.
    split : {"", "train", "valid", "test"}
    patch_size : int, px
    patch_mpp : float, um/px
        Scale of the pixels stored.
    patch_size_level0 : int, level-0 px
        Edge of a patch on the slide; 0 where `placed` is false.
    level0_mpp : float, um/px
    mpp_source : str
        Who says the scale: a property of the slide, or ``stated``.
    level0_width, level0_height : int, level-0 px
    placed : bool
        Whether the patches have a place on a slide.
    part, parts : int
        This file's part of the slide, counted from 0, and their number.
    slide_fingerprint : str
    reader : str
        Library and version that decoded the pixels.
    sampling : dict
        ``method``, ``seed``, and for dense sampling ``origin`` and ``stride``, level-0 px.
    config_sha256, software : str
    """

    slide_id: str
    patch_size: int
    patch_mpp: float
    patch_size_level0: int
    level0_mpp: float
    mpp_source: str
    level0_width: int
    level0_height: int
    slide_fingerprint: str
    reader: str
    sampling: dict[str, Any]
    config_sha256: str
    software: str
    patient: str = ""
    node: str = ""
    centre: str = ""
    split: str = ""
    placed: bool = True
    part: int = 0
    parts: int = 1

    @property
    def spec(self) -> PatchSpec:
        """Size and scale of the patches."""
        return PatchSpec(self.patch_size, self.patch_mpp)

    @property
    def file_name(self) -> str:
        """Name of the file that holds these patches."""
        return f"{part_name(self.slide_id, self.part, self.parts)}{SUFFIX}"

    def attributes(self) -> dict[str, Any]:
        """Plain values under the names the file uses."""
        values = asdict(self)
        return {**values, "sampling": json.dumps(self.sampling, sort_keys=True)}

    def coords_attributes(self, name: str) -> dict[str, Any]:
        """Attributes of ``/coords`` that let other tools read the same regions.

        CLAM takes ``patch_level`` and ``patch_size``; TRIDENT takes ``patch_size`` at
        ``target_magnification`` of ``level0_magnification``; wsinfer takes ``patch_size``. With
        level 0, the edge in level-0 px and equal magnifications, all three get the same squares.
        """
        magnification = max(1, round(10 / self.level0_mpp))  # 0.25 um/px is called 40x
        size = [self.level0_width, self.level0_height]
        overlap = max(
            0, self.patch_size_level0 - self.sampling.get("stride", self.patch_size_level0)
        )
        return {
            "patch_level": 0,
            "patch_size": self.patch_size_level0,
            "patch_size_level0": self.patch_size_level0,
            "downsample": [1.0, 1.0],
            "level_dim": size,
            "downsampled_level_dim": size,
            "level0_magnification": magnification,
            "target_magnification": magnification,
            "level0_width": self.level0_width,
            "level0_height": self.level0_height,
            "overlap": overlap,
            "patch_spacing_um_px": self.patch_mpp,
            "name": name,
            "save_path": "",
            "savetodir": "",
        }

    @classmethod
    def from_attributes(cls, values: Mapping[str, Any]) -> Header:
        """The header a file's attributes describe.

        Raises
        ------
        KeyError
            Naming an attribute that is missing.
        ValueError
            Naming an attribute of another type.
        """
        kinds = get_type_hints(cls)
        plain_values = {
            f.name: plain(f.name, values[f.name], kinds[f.name])
            for f in fields(cls)
            if f.name != "sampling"
        }
        return cls(**plain_values, sampling=json_object("sampling", values["sampling"]))


def json_object(name: str, value: Any) -> dict[str, Any]:
    """The JSON object an attribute holds as text.

    Raises
    ------
    ValueError
        Naming the attribute, where it holds anything else.
    """
    parsed = json.loads(plain(name, value, str))
    if isinstance(parsed, dict):
        return parsed
    raise ValueError(f"{name}: expected a JSON object, found {value!r}")


def plain(name: str, value: Any, kind: type) -> Any:
    """An attribute as h5py gives it, as the plain Python value of type `kind` it stands for.

    Raises
    ------
    ValueError
        Naming the attribute, where it is a list, or of another type.
    """
    found = value.item() if isinstance(value, np.generic) else value
    if kind is str and isinstance(found, bytes):
        found = found.decode()
    if kind is float and type(found) is int:
        found = float(found)
    if type(found) is not kind:
        raise ValueError(f"{name}: expected {kind.__name__}, found {value!r}")
    if isinstance(found, str):
        found.encode()  # refuses what is not UTF-8
    return found
