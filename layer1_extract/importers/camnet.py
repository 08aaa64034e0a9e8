"""The HDF5 layout of the original CamNet: class, level, centre, patient and node as groups.

``tumor/level7/centre0/patient010/node4/patches``, or short ``tumor/l7/c0/p010/n4/patches/<batch>``.
Graziani et al. 2020, doi:10.31577/cai_2020_4_780. Its channels are blue, green and red, which the
paper does not say: read as red, green and blue, nuclei are brown and collagen is violet.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ContractError
from common.patch_file.schema import NORMAL, TUMOR
from layer1_extract.importers.foreign import ForeignSlide
from layer1_extract.importers.hdf5_source import open_source, patch_batches, patch_dataset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

_LABELS: Final = {"tumor": TUMOR, "normal": NORMAL}
_PATH: Final = re.compile(
    r"(?P<label>tumor|normal)/(?:level|l)\d+/(?:centre|c)(?P<centre>\d+)"
    r"/(?:patient|p)(?P<patient>\d+)/(?:node|n)(?P<node>\d+)/patches(?:/[^/]+)?"
)
_SAMPLE: Final = 16


def find(source: Path) -> list[ForeignSlide]:
    """One entry per node of each patient, in order.

    Raises
    ------
    ContractError
        If the file is damaged, holds no patches, or some of another shape.
    """
    parts: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    sizes: dict[str, tuple[int, int]] = {}
    with open_source(source) as file:
        for match in _matches(file):
            name = match.string
            shape = patch_dataset(source, file, name).shape
            if shape[0]:
                key = (match["centre"], match["patient"], match["node"])
                parts[key].append((name, _LABELS[match["label"]]))
                sizes[name] = (shape[0], shape[1])
        fingerprints = {key: _fingerprint(source, file, sorted(parts[key])) for key in parts}
    if not parts:
        raise ContractError(
            source, "/", "tumor/level7/centre0/patient010/node4/patches and such", "none of them"
        )
    return [
        _slide(source, key, sorted(parts[key]), sizes, fingerprints[key]) for key in sorted(parts)
    ]


def _matches(file: h5py.File) -> list[re.Match[str]]:
    """The paths of datasets of patches; what else the file holds is left alone."""
    found: list[tuple[str, Any]] = []
    file.visititems(lambda name, item: found.append((name, item)))
    matches = (_PATH.fullmatch(str(name)) for name, item in found if isinstance(item, h5py.Dataset))
    return [match for match in matches if match]


def _fingerprint(source: Path, file: h5py.File, datasets: list[tuple[str, int]]) -> str:
    """Hexadecimal SHA-256 of one slide's labels, numbers of patches, and some of the patches.

    Not of where in the file they are: the same patches under two names have one fingerprint.
    """
    digest = hashlib.sha256()
    for name, label in datasets:
        patches: Any = patch_dataset(source, file, name)
        digest.update(f"{label} {patches.shape}".encode())
        for row in np.unique(np.linspace(0, len(patches) - 1, _SAMPLE).round().astype(int)):
            digest.update(patches[row].tobytes())
    return digest.hexdigest()


def _slide(
    source: Path,
    key: tuple[str, str, str],
    datasets: list[tuple[str, int]],
    sizes: dict[str, tuple[int, int]],
    fingerprint: str,
) -> ForeignSlide:
    centre, patient, node = key
    edges = sorted({sizes[name][1] for name, _ in datasets})
    slide_id = f"patient_{patient}_node_{node}"
    if len(edges) > 1:
        raise ContractError(source, slide_id, "patches of one size", f"edges of {edges} px")
    return ForeignSlide(
        slide_id=slide_id,
        count=sum(sizes[name][0] for name, _ in datasets),
        patch_size=edges[0],
        fingerprint=fingerprint,
        batches=partial(_batches, source, datasets),
        patient=f"patient_{patient}",
        node=node,
        centre=centre,
    )


def _batches(
    source: Path, datasets: list[tuple[str, int]]
) -> Iterator[tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]]:
    with open_source(source) as file:
        for name, label in datasets:
            for _, patches in patch_batches(source, file, name):
                yield np.full(len(patches), label, np.int8), patches[..., ::-1]
