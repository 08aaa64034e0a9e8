"""The folder that layer 2 writes and layer 3 reads: see `model_bundle.md` beside this module."""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import ContractError
from common.files import sha256, whole_folder
from common.patches import PatchSpec
from common.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

FORMAT: Final = "camnet-model"
FORMAT_VERSION: Final = "1.1"
MANIFEST: Final = "bundle.json"
NETWORK: Final = "model.keras"
CARD: Final = "MODEL_CARD.md"
SINCE: Final = {
    "preprocessing.patches": 1,
    "preprocessing.target": 1,
    "preprocessing.orientations": 1,
}
"""Keys that a minor version added, which bundles of earlier ones lack."""

HALF: Final = 0.5
_ADVICE: Final = "Copy the bundle anew, or train it again"
_UNREADABLE: Final = (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile)
"""What Keras raises for a file that holds no network, or one with code of its own."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer minor version may add keys


class SeenPatients(_Part):
    """Patients a model has seen, told only to whoever asks for one by name.

    Attributes
    ----------
    salt : str
        Random text of this bundle.
    hashes : dict of split to list of str
        SHA-256 of salt and patient, hexadecimal.
    """

    salt: str = ""
    hashes: dict[str, list[str]] = Field(default_factory=dict)

    @classmethod
    def of(cls, patients: Mapping[str, Iterable[str]]) -> SeenPatients:
        """Hash the patients of each split under a fresh salt; unknown (empty) ones are left out."""
        salt = secrets.token_hex(16)
        hashes = {
            split: sorted(_hashed(salt, patient) for patient in set(names) if patient)
            for split, names in patients.items()
        }
        return cls(salt=salt, hashes=hashes)

    def split_of(self, patient: str) -> str:
        """The split in which the model has seen a patient; empty if in none, or not known."""
        hashed = _hashed(self.salt, patient)
        found = (split for split, hashes in self.hashes.items() if patient and hashed in hashes)
        return next(found, "")


class Manifest(_Part):
    """What `bundle.json` says.

    Defaults are for those who write one; a file that is read must spell every key.

    Attributes
    ----------
    architecture : str
        Name of the network, as configurations spell it.
    classes : tuple of str
        By output; one output is the probability of the last.
    patch_size : int, px
    patch_mpp : float, um/px
    preprocessing : Preprocessing
        What happens to pixels outside the network.
    cam_layer : str
        Last convolution: the layer class activation maps look at.
    slides : dict of split to list of str
        Fingerprints of the slides the model has seen.
    patients : SeenPatients
    config, metrics : dict
        Resolved configuration and results of the training.
    software : str
    sha256 : dict of file name to str
        Of each other file of the bundle.
    """

    format: str = FORMAT
    format_version: str = FORMAT_VERSION
    architecture: str
    classes: tuple[str, str] = ("normal", "tumor")
    patch_size: int = Field(gt=0)
    patch_mpp: float = Field(gt=0)
    preprocessing: Preprocessing = Preprocessing()
    cam_layer: str
    slides: dict[str, list[str]] = Field(default_factory=dict)
    patients: SeenPatients = SeenPatients()
    config: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    software: str = ""
    sha256: dict[str, str] = Field(default_factory=dict)

    @property
    def spec(self) -> PatchSpec:
        """The patches the network takes."""
        return PatchSpec(self.patch_size, self.patch_mpp)

    @property
    def threshold(self) -> float:
        """Probability from which the model was measured to say tumour; a half where it was not."""
        measured = [found.get("threshold") for found in self.metrics.values() if _is_table(found)]
        known = [v for v in (*measured, self.config.get("threshold")) if isinstance(v, float)]
        return known[0] if known else HALF

    def split_of(self, fingerprint: str, patient: str) -> str:
        """The split in which the model has seen a slide or its patient; empty if in none."""
        for split, fingerprints in self.slides.items():
            if fingerprint in fingerprints:
                return split
        return self.patients.split_of(patient)


@dataclass(frozen=True)
class Bundle:
    """A verified bundle on disk.

    Attributes
    ----------
    path : Path
        Its folder.
    manifest : Manifest
    """

    path: Path
    manifest: Manifest

    @property
    def model_sha256(self) -> str:
        """SHA-256 of the network's file: the model's identity in every result."""
        return self.manifest.sha256[NETWORK]

    def load_network(self) -> Any:
        """The trained `keras.Model`: (B, S, S, 3) float32, 0 to 255 -> (B, 1) P(tumour).

        Raises
        ------
        ContractError
            If Keras cannot load the file, or it is not the network that the manifest describes.
        """
        import keras

        path = self.path / NETWORK
        try:
            network = keras.saving.load_model(path, compile=False, safe_mode=True)
        except _UNREADABLE as error:
            found = f"{type(error).__name__} ({str(error)[:200].strip()})"
            raise ContractError(path, "file", "a network Keras loads", found, _ADVICE) from error
        _check_network(path, network, self.manifest)
        return network


def write_bundle(
    path: Path, manifest: Manifest, save_network: Callable[[Path], object], card: str
) -> Bundle:
    """Write a bundle, whole or not at all; one already there is replaced.

    Parameters
    ----------
    path : Path
        Its folder.
    manifest : Manifest
        Without file hashes; they are filled in.
    save_network : callable
        Saves the Keras model under the path it is given.
    card : str
        The model card, Markdown.
    """
    with whole_folder(path) as folder:
        save_network(folder / NETWORK)
        (folder / CARD).write_text(card, encoding="utf-8")
        hashes = {name: sha256(folder / name) for name in (NETWORK, CARD)}
        full = manifest.model_copy(update={"sha256": hashes})
        text = json.dumps(full.model_dump(mode="json"), indent=2, allow_nan=False)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return Bundle(path, full)


def read_bundle(path: Path) -> Bundle:
    """A bundle whose files are those its manifest names.

    Raises
    ------
    ContractError
        If a file or a key is missing, a file was changed, or the version is one this software
        does not know.
    """
    manifest = _read_manifest(path / MANIFEST)
    for name in (NETWORK, CARD, *manifest.sha256):
        if name not in manifest.sha256:
            raise ContractError(path / MANIFEST, f"sha256.{name}", "a hash", "nothing", _ADVICE)
        if not (path / name).is_file():
            raise ContractError(path / name, "file", "a file of the bundle", "nothing", _ADVICE)
        found = sha256(path / name)
        if found != manifest.sha256[name]:
            raise ContractError(path / name, "sha256", manifest.sha256[name], found, _ADVICE)
    return Bundle(path, manifest)


def _read_manifest(path: Path) -> Manifest:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        advice = "Give the folder that holds bundle.json"
        raise ContractError(path, "file", "the manifest of a bundle", str(error), advice) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = repr(values.get("format")) if isinstance(values, dict) else type(values).__name__
        raise ContractError(path, "format", FORMAT, found)
    version = str(values.get("format_version", ""))
    if version.split(".")[0] != FORMAT_VERSION.split(".")[0]:
        wrote = f"{version!r} written by {values.get('software', 'an unknown software')}"
        expected = f"{FORMAT_VERSION.split('.')[0]}.x"
        raise ContractError(path, "format_version", expected, wrote, "Use that software, or newer")
    if missing := _missing(Manifest, values, _minor(version)):
        raise ContractError(path, missing, "a key", "nothing", _ADVICE)
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        item = ".".join(str(part) for part in first["loc"])
        raise ContractError(path, item, first["msg"], repr(first["input"]), _ADVICE) from error


def _minor(version: str) -> int:
    number = version.partition(".")[2]
    return int(number) if number.isdecimal() else 0


def _missing(
    model: type[BaseModel], values: Mapping[str, Any], minor: int, within: str = ""
) -> str:
    """The first key that `values` lacks, or a part of them, such as ``patients.salt``; or empty.

    Keys that came after version 1.`minor` may be missing.
    """
    for name, field in model.model_fields.items():
        if name not in values:
            if SINCE.get(within + name, 0) <= minor:
                return within + name
            continue
        part, inner = field.annotation, values[name]
        if not (isinstance(part, type) and issubclass(part, BaseModel)):
            continue
        if isinstance(inner, dict) and (missing := _missing(part, inner, minor, f"{name}.")):
            return missing
    return ""


def _check_network(path: Path, network: Any, manifest: Manifest) -> None:
    """Refuse a network of other patches or classes, or without the layer maps look at."""
    size = manifest.patch_size
    wanted = {"inputs": [(None, size, size, 3)], "outputs": [(None, 1)]}
    for item, shapes in wanted.items():
        found = [tuple(one.shape) for one in getattr(network, item, None) or []]
        if found != shapes:
            raise ContractError(path, item, f"{shapes} by {MANIFEST}", f"{found}", _ADVICE)
    layers = [layer.name for layer in network.layers]
    if manifest.cam_layer not in layers:
        expected = f"the layer {manifest.cam_layer!r}, cam_layer of {MANIFEST}"
        found = f"{', '.join(layers[-5:])} as its last layers"
        raise ContractError(path, "layers", expected, found, _ADVICE)


def _hashed(salt: str, patient: str) -> str:
    return hashlib.sha256(f"{salt}{patient}".encode()).hexdigest()


def _is_table(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
