"""Where the patches of a dataset come from: patients, slides and centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from common.patch_file.schema import Header
    from layer2_train.dataset import PatchDataset

_BLOCK: Final = 1 << 20
"""Patches whose files are looked up together."""


@dataclass(frozen=True, eq=False)
class Origins:
    """Which patches depend on one another, and which centre scanned them.

    Attributes
    ----------
    groups : (N,) int64
        Patches of one patient are of one group; where the patient is not known, those of one
        slide. Of imported patches with neither patient nor place nothing is known, and each is
        taken for itself.
    over : str
        What the groups are: ``patients``, ``slides``, ``patches``, or several joined by ``and``.
    centres : (N,) int32
        Place in `centre_names`; -1 where not known.
    centre_names : tuple of str
    patients, slides : int
        How many of them have patches here; of the patients those that are known.
    """

    groups: npt.NDArray[np.int64]
    over: str
    centres: npt.NDArray[np.int32]
    centre_names: tuple[str, ...]
    patients: int
    slides: int


def origins(dataset: PatchDataset) -> Origins:
    """What the headers of the patch files say of each labelled patch."""
    headers = [file.header for file in dataset.files]
    group_of, kinds = _groups(headers)
    names = tuple(sorted({header.centre for header in headers if header.centre}))
    centre_of = np.array(
        [names.index(header.centre) if header.centre else -1 for header in headers], dtype=np.int32
    )
    groups = np.arange(len(dataset), dtype=np.int64)
    centres = np.empty(len(dataset), dtype=np.int32)
    present = np.zeros(len(headers), dtype=bool)
    for start in range(0, len(dataset), _BLOCK):
        own = slice(start, min(start + _BLOCK, len(dataset)))
        files, _ = dataset.place(np.arange(own.start, own.stop))
        united = group_of[files]
        groups[own] = np.where(united < 0, united, groups[own])
        centres[own] = centre_of[files]
        present[files] = True
    there = [header for header, known in zip(headers, present, strict=True) if known]
    return Origins(
        groups,
        " and ".join(dict.fromkeys(kinds)),
        centres,
        names,
        patients=len({header.patient for header in there if header.patient}),
        slides=len({header.slide_id for header in there}),
    )


def _groups(headers: Sequence[Header]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """A negative number for each file, equal for those that belong together, and what unites them.

    0 where each patch is taken for itself.
    """
    numbers: dict[tuple[str, str], int] = {}
    found, kinds = [], []
    for header in headers:
        kinds.append(_kind(header))
        name: Any = (kinds[-1], header.patient or header.slide_id)
        found.append(0 if kinds[-1] == "patches" else -1 - numbers.setdefault(name, len(numbers)))
    return np.array(found, dtype=np.int64), kinds


def _kind(header: Header) -> str:
    if header.patient:
        return "patients"
    return "slides" if header.placed else "patches"
