"""What a model suggests of each slide, drawn for a person to correct and for layer 1 to take back.

A region is drawn as tumour, a patch of doubt as ``Uncertain``, which is a label for nothing until
a person gives it another group. A slide with nothing to suggest gets no file: an annotation
without any object would say that it has no tumour.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError, ContractError
from common.files import set_aside, sha256
from common.outcomes import Outcome, attempt, read_outcome, write_outcome
from common.progress import progress
from layer3_infer.asap import check_asap, write_asap
from layer3_infer.drawn import Drawn, Source, drawn_doubts, drawn_regions
from layer3_infer.geojson import check_geojson, write_geojson
from layer3_infer.heatmap_file import SUFFIX, read_heatmap
from layer3_infer.least_sure import least_sure
from layer3_infer.regions import find_regions
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import claim_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from layer3_infer.config import SuggestSettings
    from layer3_infer.heatmap_file import HeatmapFile

_TRAINED_ON: Final = "the model was trained or chosen on this slide: it suggests what it was told"

log = logging.getLogger(__name__)


def suggest(
    results: Path, out: Path, settings: SuggestSettings, *, overwrite: bool = False
) -> tuple[list[Outcome], int]:
    """Write ``<slide_id>.geojson`` and ``.xml`` for every heatmap of a folder.

    What an earlier run suggested stays as it is, and as a person has corrected it. Files that are
    replaced are moved to the folder ``set_aside``, where nothing is lost.

    Parameters
    ----------
    results : Path
        What `layer3-infer heatmap` wrote.
    out : Path
        Another folder.
    settings : SuggestSettings
    overwrite : bool
        Suggest anew.

    Returns
    -------
    outcomes : list of Outcome
        One per slide.
    kept : int
        How many are from an earlier run.

    Raises
    ------
    ConfigError
        If there is no heatmap, or `out` is no other folder, or holds suggestions of other settings.
    """
    if out.resolve() == results.resolve():
        raise ConfigError(f"{out}: expected another folder than that of the heatmaps, found it")
    slides = sorted(path.name.removesuffix(SUFFIX) for path in results.glob(f"[!.]*{SUFFIX}"))
    if not slides:
        raise ConfigError(f"{results}: expected heatmaps, <slide_id>{SUFFIX}, found none")
    made, given = ResultsFolder(results), settings.threshold
    threshold = _threshold(made) if given is None else given
    task = _Suggesting(made, ResultsFolder(out), settings, threshold)
    claim_run(out, "suggest", settings, {"threshold": threshold}, slides, overwrite=overwrite)
    outcomes, kept = list[Outcome](), 0
    for slide_id in progress(slides, "suggest"):
        before = None if overwrite else task.finished(slide_id)
        kept += before is not None
        outcomes.append(before or task.suggest(slide_id))
    return outcomes, kept


def _threshold(made: ResultsFolder) -> float:
    """The threshold the model was measured with, as the folder of heatmaps tells it."""
    try:
        threshold = json.loads(made.model.read_text(encoding="utf-8"))["threshold"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{made.model}: threshold: expected that of the model, found none ({error!r}). "
            "Give --threshold"
        ) from error
    return float(threshold)


@dataclass(frozen=True)
class _Suggesting:
    """From heatmaps in one folder to suggestions in another."""

    made: ResultsFolder
    out: ResultsFolder
    settings: SuggestSettings
    threshold: float

    def finished(self, slide_id: str) -> Outcome | None:
        """What an earlier run suggested from this very heatmap."""
        before = read_outcome(self.out.path, slide_id)
        if before is None or before.status == "failed":
            return None
        return before if before.inputs == self._inputs(slide_id) else None

    def suggest(self, slide_id: str) -> Outcome:
        """Suggest for one slide, whatever happens, and record how it went."""
        outcome = attempt(slide_id, lambda: self._suggest(slide_id))
        if outcome.status == "failed":
            log.error("%s", outcome.reason)
        write_outcome(self.out.path, outcome)
        return outcome

    def _suggest(self, slide_id: str) -> Outcome:
        inputs = self._inputs(slide_id)
        file = read_heatmap(self.made.heatmap(slide_id))
        regions, doubts = self._regions(file), self._doubts(file)
        self._write(slide_id, [*regions, *doubts], Source.of(file.header, self.threshold))
        found = bool(regions or doubts)
        return Outcome(
            slide_id,
            "done" if found else "empty",
            "" if found else "nothing to suggest; no file, which would say that it has no tumour",
            counts={"regions": len(regions), "uncertain": len(doubts)},
            inputs=inputs,
            notes=[_TRAINED_ON] if file.header.trained_on_this_slide else [],
        )

    def _regions(self, file: HeatmapFile) -> list[Drawn]:
        found = find_regions(file.heatmap, file.header.level0_mpp, self.threshold)
        least = self.settings.min_area_um2
        return drawn_regions(region for region in found if region.area_um2 >= least)

    def _doubts(self, file: HeatmapFile) -> list[Drawn]:
        settings = self.settings
        xy, scores = least_sure(file.heatmap, self.threshold, settings.uncertain, settings.spacing)
        return drawn_doubts(xy, file.heatmap.grid.edge, scores)

    def _write(self, slide_id: str, areas: list[Drawn], source: Source) -> None:
        """Write both files, or none where there is nothing to draw; keep what a person changed."""
        for path, write, check in (
            (self.out.geojson(slide_id), write_geojson, check_geojson),
            (self.out.asap(slide_id), write_asap, check_asap),
        ):
            if path.exists() and not _is_as_written(check, path, areas, source):
                log.warning("%s was there: moved to %s", path, set_aside(path))
            if areas and not path.exists():
                write(path, areas, source)

    def _inputs(self, slide_id: str) -> dict[str, str]:
        return {"heatmap_sha256": sha256(self.made.heatmap(slide_id))}


def _is_as_written(
    check: Callable[[Path, Sequence[Drawn], Source], None],
    path: Path,
    areas: Sequence[Drawn],
    source: Source,
) -> bool:
    try:
        check(path, areas, source)
    except ContractError:
        return False
    return bool(areas)
