"""The patches concepts are measured on: some of each label from each slide."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile
    from common.patches import PatchSpec

    Wanted = Callable[[str, int, int], bool]


@dataclass(frozen=True, eq=False)
class SampledSlide:
    """Some patches of one slide.

    Attributes
    ----------
    slide_id : str
    patient : str
        Empty where not known.
    fingerprint : str
    mpp : float, um/px
        Of its patches.
    files : tuple of PatchFile
    part : (N,) int64
        Which of `files` each patch is in.
    row : (N,) int64
        Which patch of that file.
    coords : (N, 2) int64, level-0 px
    labels : (N,) int8
    """

    slide_id: str
    patient: str
    fingerprint: str
    mpp: float
    files: tuple[PatchFile, ...]
    part: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    coords: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.row)

    def read(self) -> npt.NDArray[np.uint8]:
        """The patches as scanned, (N, S, S, 3) uint8 RGB; the files are left closed."""
        size = self.files[0].header.patch_size
        patches = np.empty((len(self), size, size, 3), dtype=np.uint8)
        for number, file in enumerate(self.files):
            here = self.part == number
            patches[here] = file.read(self.row[here])
            file.close()
        return patches

    @property
    def group(self) -> str:
        """What a regression never has on both sides: the patient, or the slide where not known."""
        return f"patient {self.patient}" if self.patient else f"slide {self.fingerprint}"


def sample(
    files: Sequence[PatchFile],
    spec: PatchSpec,
    per_class: int,
    seed: int,
    wanted: Wanted | None = None,
) -> SampledSlide:
    """Up to `per_class` patches of each label of one slide, drawn by `seed` and the slide's id.

    Parameters
    ----------
    files : sequence of PatchFile
        All of one slide.
    spec : PatchSpec
        The patches the network takes.
    per_class : int
    seed : int
    wanted : callable, optional
        Whether a patch, by slide, x and y, may be drawn.

    Raises
    ------
    ContractError
        If the patches are not those the network takes, or have no pixels.
    """
    for file in files:
        _check(file, spec)
    header = files[0].header
    part = np.repeat(np.arange(len(files)), [len(file) for file in files])
    row = np.concatenate([np.arange(len(file)) for file in files])
    coords = np.concatenate([file.coords for file in files])
    labels = np.concatenate([file.labels for file in files])
    able = np.ones(len(row), dtype=bool)
    if wanted is not None:
        places = coords.tolist()
        able = np.array([wanted(header.slide_id, x, y) for x, y in places], dtype=bool)
    rng = np.random.default_rng([seed, zlib.crc32(header.slide_id.encode())])
    drawn = [
        rng.permutation(np.flatnonzero(able & (labels == label)))[:per_class]
        for label in np.unique(labels)
    ]
    chosen = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *drawn]))
    return SampledSlide(
        slide_id=header.slide_id,
        patient=header.patient,
        fingerprint=header.slide_fingerprint,
        mpp=header.patch_mpp,
        files=tuple(files),
        part=part[chosen],
        row=row[chosen],
        coords=coords[chosen],
        labels=labels[chosen],
    )


def _check(file: PatchFile, spec: PatchSpec) -> None:
    header = file.header
    if not header.spec.agrees(spec):
        raise ContractError(
            file.path,
            "patch_size, patch_mpp",
            f"what the model takes, {spec.size} px at {spec.mpp:g} um/px",
            f"{header.patch_size} px at {header.patch_mpp:g} um/px",
            "Extract with the model's patch.size and patch.mpp",
        )
    if file.codec == "none":
        advice = "Extract without --no-pixels"
        raise ContractError(file.path, "/patches", "pixels", "locations only", advice)
