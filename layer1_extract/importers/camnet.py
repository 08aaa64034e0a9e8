"""The HDF5 layout of the original CamNet: class, level, centre, patient and node as groups.

``tumor/level7/centre0/patient010/node4/patches``, or short ``tumor/l7/c0/p010/n4/patches/<batch>``.
Graziani et al. 2020, doi:10.31577/cai_2020_4_780.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ContractError
from common.files import spread_hash
from common.patch_file.schema import NORMAL, TUMOR
from layer1_extract.importers.foreign import ForeignSlide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

_BATCH: Final = 256
_LABELS: Final = {"tumor": TUMOR, "normal": NORMAL}
_PATH: Final = re.compile(
    r"(?P<label>tumor|normal)/(?:level|l)\d+/(?:centre|c)(?P<centre>\d+)"
    r"/(?:patient|p)(?P<patient>\d+)/(?:node|n)(?P<node>\d+)/patches(?:/[^/]+)?"
)


def find(source: Path) -> list[ForeignSlide]:
    """One entry per node of each patient, in order.

    Raises
    ------
    ContractError
        If the file holds no patches, or some of another shape.
    """
    parts: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    sizes: dict[str, tuple[int, int]] = {}
    with h5py.File(source, "r", locking=False) as file:
        for name, shape in _datasets(source, file):
            match = _PATH.fullmatch(name)
            if match is None:
                continue
            key = (match["centre"], match["patient"], match["node"])
            parts[key].append((name, _LABELS[match["label"]]))
            sizes[name] = (shape[0], shape[1])
    if not parts:
        raise ContractError(
            source, "/", "tumor/level7/centre0/patient010/node4/patches and such", "none of them"
        )
    fingerprint = spread_hash(source)
    return [_slide(source, key, sorted(parts[key]), sizes, fingerprint) for key in sorted(parts)]


def _datasets(source: Path, file: h5py.File) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every patch dataset; what else the file holds is left alone."""
    found: list[tuple[str, Any]] = []
    file.visititems(lambda name, item: found.append((name, item)))
    for name, item in found:
        if not isinstance(item, h5py.Dataset) or not _PATH.fullmatch(name):
            continue
        shape = item.shape
        square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
        if not square or item.dtype != np.uint8:
            raise ContractError(source, name, "(N, S, S, 3) uint8", f"{shape} {item.dtype}")
        yield name, shape


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
    with h5py.File(source, "r", locking=False) as file:
        for name, label in datasets:
            dataset: Any = file[name]
            for start in range(0, len(dataset), _BATCH):
                patches = dataset[start : start + _BATCH]
                yield np.full(len(patches), label, np.int8), patches
