"""Patches of a slide that was analysed: no pixels need to be stored, the slide is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from common.errors import ConfigError, ContractError
from common.patch_file.schema import UNKNOWN
from common.slide_reader import slide_of
from layer3_infer.explain.source import Facts
from layer3_infer.heatmap_file import SUFFIX, HeatmapFile, read_heatmap
from layer3_infer.locations import DenseLocations
from layer3_infer.predict import stain_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.model_bundle import Bundle
    from common.patches import PatchSpec
    from common.prediction import Predictor
    from common.slides import Slide
    from common.stain import Stain


@dataclass(frozen=True, eq=False)
class AnalysedPatches:
    """The patches of a slide that its heatmap has answers for; a `...explain.source.Source`.

    Attributes
    ----------
    entry : SlideEntry
    path : Path
        The heatmap file.
    bundle : Bundle
    """

    entry: SlideEntry
    path: Path
    bundle: Bundle

    @property
    def slide_id(self) -> str:
        """Key of the slide."""
        return self.entry.slide_id

    def facts(self) -> Facts:
        """What the heatmap says; patches by row, then by column, and without labels."""
        return self._facts

    @cached_property
    def _facts(self) -> Facts:
        header, xy = self._made.header, self._made.heatmap.xy
        return Facts(
            header.slide_fingerprint,
            self.bundle.manifest.split_of(header.slide_fingerprint, self.entry.patient),
            self._spec,
            self._made.heatmap.grid.edge,
            header.config_sha256,
            xy,
            np.full(len(xy), UNKNOWN, dtype=np.int8),
        )

    def scores(self, rows: npt.NDArray[np.intp], predictor: Predictor) -> npt.NDArray[np.float32]:
        """P(tumour) of the patches with these numbers: as the heatmap has it, no one is asked."""
        return self._made.heatmap.scores[rows]

    def read(self, row: int) -> npt.NDArray[np.uint8]:
        """The pixels of a patch, (S, S, 3) RGB, in the colours the network saw."""
        x, y = self._facts.coords[row].tolist()
        return self._stain(self._slide.read(x, y, self._spec)[None])[0]

    @cached_property
    def _slide(self) -> Slide:
        return slide_of(self.entry)

    @cached_property
    def _spec(self) -> PatchSpec:
        return self._slide.spec_for(self.bundle.manifest.spec)

    @cached_property
    def _stain(self) -> Stain:
        """That of the heatmap: measured on the same patches."""
        locations = DenseLocations(self._made.heatmap.grid, self._facts.coords)
        preprocessing = self.bundle.manifest.preprocessing
        return stain_of(self._slide, locations, self._spec, preprocessing)

    @cached_property
    def _made(self) -> HeatmapFile:
        made = read_heatmap(self.path)
        wanted = {
            "model_sha256": self.bundle.model_sha256,
            "slide_fingerprint": self._slide.fingerprint,
        }
        for name, value in wanted.items():
            found = getattr(made.header, name)
            if found != value:
                advice = "Make the heatmap anew, with this model and slide"
                raise ContractError(self.path, name, value, found, advice)
        return made


def analysed_slides(
    entries: Sequence[SlideEntry], heatmaps: Path, bundle: Bundle, slides: Collection[str] = ()
) -> list[AnalysedPatches]:
    """The slides of a cohort that have a heatmap in a folder: all, or those asked for.

    Raises
    ------
    ConfigError
        If a slide asked for has none, or no slide has one.
    """
    found = {
        entry.slide_id: AnalysedPatches(entry, heatmaps / f"{entry.slide_id}{SUFFIX}", bundle)
        for entry in entries
    }
    found = {slide_id: one for slide_id, one in found.items() if one.path.exists()}
    missing = sorted(set(slides) - set(found))
    if missing or not found:
        asked = ", ".join(missing) or "none"
        known = ", ".join(sorted(found)) or "none"
        raise ConfigError(
            f"{heatmaps}: expected heatmaps of the slides, found none of {asked}. "
            f"There are: {known}. Run layer3-infer heatmap first"
        )
    return [found[slide_id] for slide_id in (slides or found)]
