"""What is said of slides: heatmaps in a folder of results, and tables of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from layer3_infer.evaluation.detection_file import detection_files, read_detections
from layer3_infer.evaluation.given_scores import Predictions, read_predictions, read_scores
from layer3_infer.evaluation.given_stages import GivenStages, read_given_stages
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.prediction_record import misfit
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import SlideResult, read_results
from layer3_infer.slide_score import SLIDE_SCORE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layer3_infer.evaluation.detections import Detections
    from layer3_infer.heatmap_file import HeatmapFile

HEATMAPS: Final = "heatmaps"
HALF: Final = 0.5


@dataclass(frozen=True)
class Given:
    """Tables that stand in for heatmaps.

    Attributes
    ----------
    detections : Path or None
        Folder with ``<slide_id>.csv``, lines ``p,x,y``.
    scores : Path or None
        CSV of slides and scores.
    stages : Path or None
        CSV of CAMELYON17's: stages of patients, or classes of slides.
    """

    detections: Path | None = None
    scores: Path | None = None
    stages: Path | None = None


@dataclass(frozen=True)
class Answers:
    """Everything said of slides, by slide id.

    Attributes
    ----------
    folder : ResultsFolder
    run : mapping
        Record of the run in it; empty where there was none.
    results : mapping of str to SlideResult
        Of the run.
    detections : mapping of str to Path, or None
        None takes those of the heatmaps.
    scores : mapping of str to float, or None
        None takes those of the heatmaps.
    predictions : Predictions
        Of the slide model; empty where there is none, or it is of other heatmaps.
    stages : GivenStages or None
        None takes the lesions of the heatmaps.
    sources : mapping of str to str
        Where `detections`, `scores` and `stages` are from, for a person.
    """

    folder: ResultsFolder
    run: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, SlideResult] = field(default_factory=dict)
    detections: Mapping[str, Path] | None = None
    scores: Mapping[str, float] | None = None
    predictions: Predictions = field(default_factory=Predictions)
    stages: GivenStages | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def slide_ids(self) -> set[str]:
        """Every slide of which something is said."""
        return {
            *self.results,
            *(self.detections or ()),
            *(self.scores or ()),
            *(self.stages.slides if self.stages else ()),
        }

    @property
    def staged(self) -> Mapping[str, str]:
        """Stage of each patient that a table states one of."""
        return self.stages.patients if self.stages else {}

    def trained_on(self, slide_id: str) -> bool:
        """Whether a model was fitted to, or chosen on, this slide or its patient."""
        result = self.results.get(slide_id)
        seen = result is not None and result.trained_on
        return seen or slide_id in self.predictions.trained_on

    def threshold(self, given: float | None) -> float:
        """Probability from which patches are a lesion: as given, the run's, or a half."""
        return float(self.run.get("threshold", HALF)) if given is None else given

    def heatmap_of(self, slide_id: str) -> HeatmapFile | None:
        """The heatmap of a slide; None where it was not analysed.

        Raises
        ------
        ContractError
        """
        if slide_id not in self.results:
            return None
        return read_heatmap(self.folder.heatmap(slide_id))

    def detections_of(self, slide_id: str) -> Detections | None:
        """The detections given of a slide; None where there is no table.

        Raises
        ------
        ContractError
        """
        path = (self.detections or {}).get(slide_id)
        return None if path is None else read_detections(path)

    def score_of(self, slide_id: str) -> float | None:
        """The score of a slide; None where there is none."""
        if self.scores is not None:
            return self.scores.get(slide_id)
        result = self.results.get(slide_id)
        return None if result is None else getattr(result.scores, SLIDE_SCORE)


def read_answers(results: Path, given: Given) -> Answers:
    """What the folder of results and the tables say.

    Raises
    ------
    ConfigError, ContractError
    """
    folder = ResultsFolder(results)
    detections = None if given.detections is None else detection_files(given.detections)
    stages, source = None, HEATMAPS
    predictions = Predictions()
    run, found = read_run(results), read_results(results)
    if not misfit(folder, run, found) and folder.slide_predictions.exists():
        predictions = read_predictions(folder.slide_predictions)
    if predictions.classes:
        stages = GivenStages(slides=predictions.classes)
        source = folder.slide_predictions.name
    if given.stages is not None:
        stages, source = read_given_stages(given.stages), str(given.stages)
    return Answers(
        folder=folder,
        run=run,
        results={result.slide_id: result for result in found},
        detections=detections,
        scores=None if given.scores is None else read_scores(given.scores),
        predictions=predictions,
        stages=stages,
        sources={
            "detections": str(given.detections or HEATMAPS),
            "scores": str(given.scores or SLIDE_SCORE),
            "stages": source,
        },
    )
