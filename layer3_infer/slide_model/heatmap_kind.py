"""What heatmaps a slide model is for: features of others mean something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layer3_infer.heatmap_file import HeatmapFile

_SAME: Final = 0.02
"""Two scales within so much are the same, as for patches."""

_SHOWN: Final = 12
_SAID: Final = {
    "model_sha256": "model_sha256",
    "preprocessing_sha256": "preprocessing_sha256 (of stain normalisation and orientations)",
    "locations": "locations",
}


@dataclass(frozen=True)
class HeatmapKind:
    """What decides what a probability in a heatmap means, and how far apart they are.

    Attributes
    ----------
    model_sha256 : str
        Of the model of patches.
    preprocessing_sha256 : str
        Of what was done to the patches: stain normalisation, and orientations they were shown in.
    locations : str
        Who says which patches are analysed, as in the heatmap file.
    patch_um, stride_um : float, um
        Edge of a patch, and the step from one to the next.
    """

    model_sha256: str
    preprocessing_sha256: str
    locations: str
    patch_um: float
    stride_um: float

    @classmethod
    def of(cls, made: HeatmapFile, run: Mapping[str, Any]) -> HeatmapKind:
        """Of one heatmap.

        Parameters
        ----------
        made : HeatmapFile
        run : mapping
            The record of the run, as ``run.json`` of its folder holds it.
        """
        header, grid = made.header, made.heatmap.grid
        return cls(
            model_sha256=header.model_sha256,
            preprocessing_sha256=str(run.get("preprocessing_sha256", "")),
            locations=header.locations,
            patch_um=header.patch_size * header.patch_mpp,
            stride_um=grid.stride * header.level0_mpp,
        )

    def differences(self, other: HeatmapKind, pixel_um: float = 0.0) -> list[str]:
        """What tells `other`, of level-0 pixels of `pixel_um`, from this; empty where nothing does.

        A step is a whole number of pixels: on slides of other scales it differs by up to one.
        """
        lengths = {"patch_um": 0.0, "stride_um": pixel_um}
        lines = [
            f"{what} {getattr(other, name)[:_SHOWN]} instead of {getattr(self, name)[:_SHOWN]}"
            for name, what in _SAID.items()
            if getattr(self, name) != getattr(other, name)
        ]
        for name, rounding in lengths.items():
            here, there = getattr(self, name), getattr(other, name)
            if abs(there - here) > max(rounding, _SAME * here):
                lines.append(f"{name} {there:g} instead of {here:g}")
        return lines
