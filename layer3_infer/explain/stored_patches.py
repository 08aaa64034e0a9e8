"""Patches with their pixels, as layer 1 stored them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from common.errors import ConfigError, ContractError
from common.preprocessing import slide_stain
from common.stain import Unchanged, patches_of
from layer3_infer.explain.source import Facts
from layer3_infer.locations import find_by_slide, refuse_gaps

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Manifest
    from common.patch_file.reader import PatchFile
    from common.prediction import Predictor
    from common.stain import Stain


@dataclass(frozen=True, eq=False)
class StoredPatches:
    """The patches of one slide in its patch files; a `layer3_infer.explain.source.Source`.

    Attributes
    ----------
    slide_id : str
    files : sequence of PatchFile
        Several where the slide is in parts.
    manifest : Manifest
        Of the model.
    """

    slide_id: str
    files: Sequence[PatchFile]
    manifest: Manifest

    def facts(self) -> Facts:
        """What the first file says of the slide, and of their patches every file."""
        return self._facts

    @cached_property
    def _facts(self) -> Facts:
        refuse_gaps(self.files)
        for file in self.files:
            self._check(file)
        header = self.files[0].header
        return Facts(
            header.slide_fingerprint,
            self.manifest.split_of(header.slide_fingerprint, header.patient),
            header.spec,
            header.patch_size_level0,
            header.config_sha256,
            np.concatenate([file.coords for file in self.files]),
            np.concatenate([file.labels for file in self.files]),
        )

    def scores(self, rows: npt.NDArray[np.intp], predictor: Predictor) -> npt.NDArray[np.float32]:
        """P(tumour) of the patches with these numbers."""
        size = predictor.batch_size
        parts = [
            predictor(self._stain(self._read(rows[start : start + size])))
            for start in range(0, len(rows), size)
        ]
        return np.concatenate([np.empty(0, dtype=np.float32), *parts])

    def read(self, row: int) -> npt.NDArray[np.uint8]:
        """The pixels of a patch, (S, S, 3) RGB, in the colours the network saw."""
        return self._stain(self._read(np.array([row])))[0]

    def _read(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
        """(N, S, S, 3), in the order of `rows`, whichever files they lie in."""
        starts = np.cumsum([0, *(len(file) for file in self.files)])
        size = self._facts.spec.size
        patches = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        for file, start, stop in zip(self.files, starts[:-1], starts[1:], strict=True):
            mine = (rows >= start) & (rows < stop)
            if mine.any():
                patches[mine] = file.read(rows[mine] - start)
        return patches

    @cached_property
    def _stain(self) -> Stain:
        preprocessing = self.manifest.preprocessing
        if preprocessing.stain == "none" or not any(len(file) for file in self.files):
            return Unchanged()
        patches = patches_of(self.files, preprocessing.patches)
        return slide_stain(self.slide_id, patches, preprocessing)

    def _check(self, file: PatchFile) -> None:
        wanted, header = self.manifest.spec, file.header
        if not header.spec.agrees(wanted):
            raise ContractError(
                file.path,
                "patch_size, patch_mpp",
                f"what the model takes, {wanted.size} px at {wanted.mpp:g} um/px",
                f"{header.patch_size} px at {header.patch_mpp:g} um/px",
                "Extract with the model's patch.size and patch.mpp",
            )


def sources_of(files: Mapping[str, Sequence[PatchFile]], manifest: Manifest) -> list[StoredPatches]:
    """The patches of each slide in patch files, by slide."""
    return [StoredPatches(slide_id, parts, manifest) for slide_id, parts in files.items()]


def wanted_files(folder: Path, slides: Collection[str] = ()) -> dict[str, Sequence[PatchFile]]:
    """The patch files of a folder by slide: of all slides, or of those asked for.

    Raises
    ------
    ConfigError
        If a slide asked for is not there.
    """
    files = find_by_slide(folder)
    missing = sorted(set(slides) - set(files))
    if missing:
        known = ", ".join(sorted(files))
        raise ConfigError(
            f"--slide: expected slides of {folder}, found {', '.join(missing)}. There are: {known}"
        )
    return {slide_id: files[slide_id] for slide_id in (slides or files)}
