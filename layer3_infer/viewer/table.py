"""The slides that are served, by number: no address ever holds the name of a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from common.cohort import read_cohort
from common.errors import ConfigError, ContractError, SlideError
from common.geometry import Pyramid
from common.slide_reader import slide_of
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import read_results
from layer3_infer.viewer.annotated import annotated_shapes
from layer3_infer.viewer.slide_tiles import SlideTiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer3_infer.config import ViewSettings
    from layer3_infer.heatmap_file import HeatmapFile
    from layer3_infer.slide_result import SlideResult
    from layer3_infer.viewer.shapes import Shape

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ViewedSlide:
    """One slide, opened.

    Attributes
    ----------
    result : SlideResult
    made : HeatmapFile
    tiles : SlideTiles or None
        None where the slide itself is not at hand.
    annotations : tuple of Shape
    notes : tuple of str
        Why tiles or annotations are missing.
    """

    result: SlideResult
    made: HeatmapFile
    tiles: SlideTiles | None
    annotations: tuple[Shape, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def pyramid(self) -> Pyramid:
        """Size and scale, by the heatmap file."""
        header = self.made.header
        return Pyramid(((header.level0_width, header.level0_height),), header.level0_mpp)


class SlideTable:
    """What can be served. Threads may share it.

    Parameters
    ----------
    folder : ResultsFolder
    results : sequence of SlideResult
        Of the slides that have a heatmap; a slide's number is its place here.
    entries : dict of str to SlideEntry
        The slides themselves, by id.
    settings : ViewSettings
    """

    def __init__(
        self,
        folder: ResultsFolder,
        results: Sequence[SlideResult],
        entries: dict[str, SlideEntry],
        settings: ViewSettings,
    ) -> None:
        self.folder = folder
        self.results = results
        self.entries = entries
        self.settings = settings
        self.slide: Callable[[int], ViewedSlide] = lru_cache(settings.open_slides)(self._opened)

    @classmethod
    def of(cls, results: Path, slides: Path | None, settings: ViewSettings) -> SlideTable:
        """The slides of a folder that ``layer3-infer heatmap`` wrote.

        Parameters
        ----------
        results : Path
        slides : Path or None
            The cohort; None serves the pictures in the folder instead.
        settings : ViewSettings

        Raises
        ------
        ConfigError
            If there is no heatmap.
        """
        folder = ResultsFolder(results)
        found = [r for r in read_results(results) if folder.heatmap(r.slide_id).exists()]
        if not found:
            raise ConfigError(
                f"{results}: expected heatmaps of layer3-infer heatmap, found none. Run it first"
            )
        entries = {} if slides is None else {e.slide_id: e for e in read_cohort(slides)}
        return cls(folder, found, entries, settings)

    def _opened(self, number: int) -> ViewedSlide:
        """Open a slide.

        Raises
        ------
        ContractError
            If its heatmap cannot be read.
        """
        result = self.results[number]
        made = read_heatmap(self.folder.heatmap(result.slide_id))
        viewed = ViewedSlide(result, made, None)
        entry = self.entries.get(result.slide_id)
        if entry is None:
            return viewed
        notes: list[str] = []
        tiles, annotations = None, ()
        try:
            tiles = self._tiles(entry, made)
        except (SlideError, ContractError) as error:
            notes.append(f"only a picture of the slide is shown: {error}")
        try:
            annotations = annotated_shapes(entry, viewed.pyramid, tolerance=1.0)
        except SlideError as error:
            notes.append(f"annotation not drawn: {error}")
        for note in notes:
            log.warning("%s: %s", result.slide_id, note)
        return replace(viewed, tiles=tiles, annotations=annotations, notes=tuple(notes))

    def _tiles(self, entry: SlideEntry, made: HeatmapFile) -> SlideTiles:
        header = made.header
        slide = slide_of(replace(entry, fallback_mpp=entry.fallback_mpp or header.level0_mpp))
        if slide.fingerprint != header.slide_fingerprint:
            raise ContractError(
                entry.path,
                "fingerprint",
                f"the slide of the heatmap, {header.slide_fingerprint[:12]}",
                slide.fingerprint[:12],
                "Give the slides the heatmaps were made of",
            )
        return SlideTiles(slide, self.settings.tile_size, self.settings.jpeg_quality)
