"""Where each result of layer 3 lies in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError
from layer3_infer.heatmap_file import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OME_TIFF: Final = ".ome.tif"
GEOJSON: Final = ".geojson"
XML: Final = ".xml"
TABLE: Final = ".csv"


@dataclass(frozen=True)
class ResultsFolder:
    """The folder one run, or all tasks of one array, writes into.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def heatmap(self, slide_id: str) -> Path:
        """The heatmap file."""
        return self.path / f"{slide_id}{SUFFIX}"

    def overlay(self, slide_id: str) -> Path:
        """Picture of the heatmap over the slide."""
        return self.path / f"{slide_id}.png"

    def picture(self, slide_id: str) -> Path:
        """Picture of the slide alone."""
        return self.path / f"{slide_id}.slide.jpg"

    def top(self, slide_id: str) -> Path:
        """Picture of the patches of highest probability."""
        return self.path / f"{slide_id}.top.png"

    def ome_tiff(self, slide_id: str) -> Path:
        """The heatmap as an image, overlap averaged."""
        return self.path / f"{slide_id}{OME_TIFF}"

    def geojson(self, slide_id: str) -> Path:
        """Regions above the threshold, for QuPath."""
        return self.path / f"{slide_id}{GEOJSON}"

    def asap(self, slide_id: str) -> Path:
        """Regions above the threshold, for ASAP."""
        return self.path / f"{slide_id}{XML}"

    def table(self, slide_id: str) -> Path:
        """Probability of each patch."""
        return self.path / f"{slide_id}{TABLE}"

    @property
    def about_all(self) -> tuple[Path, ...]:
        """What other commands made of all slides' results: wrong when these are replaced."""
        return (
            self.evaluation,
            self.slide_predictions,
            self.slide_predictions_record,
            self.froc_curve,
            self.froc_picture,
            self.roc_picture,
        )

    def refuse_shared_names(self, slide_ids: Iterable[str]) -> None:
        """Make sure that no file of a slide is another's, or one of the run.

        Raises
        ------
        ConfigError
            Naming each such file, and whose it would be.
        """
        ours = (self.slides, self.patients, *self.about_all)
        owners = dict.fromkeys(ours, "of the run and of slide")
        shared: list[str] = []
        for slide_id in sorted(set(slide_ids)):
            for path in self.of_slide(slide_id):
                if path in owners:
                    shared.append(f"{path.name} {owners[path]} {slide_id!r}")
                owners[path] = f"of slides {slide_id!r} and"
        if shared:
            raise ConfigError(
                f"{self.path}: expected slides whose files have names of their own, found "
                f"{'; '.join(shared)}. Give another slide_id in the cohort CSV"
            )

    def of_slide(self, slide_id: str) -> tuple[Path, ...]:
        """Every file written for one slide, the heatmap first."""
        return (
            self.heatmap(slide_id),
            self.overlay(slide_id),
            self.picture(slide_id),
            self.top(slide_id),
            self.ome_tiff(slide_id),
            self.geojson(slide_id),
            self.asap(slide_id),
            self.table(slide_id),
        )

    @property
    def unfinished(self) -> Path:
        """Folder of answers for slides that are not finished."""
        return self.path / "unfinished"

    @property
    def model(self) -> Path:
        """What may be told of the model."""
        return self.path / "model.json"

    @property
    def slides(self) -> Path:
        """One line per slide."""
        return self.path / "slides.csv"

    @property
    def patients(self) -> Path:
        """One line per patient."""
        return self.path / "patients.csv"

    @property
    def slide_predictions(self) -> Path:
        """What a slide model says of each slide."""
        return self.path / "slide_predictions.csv"

    @property
    def slide_predictions_record(self) -> Path:
        """Which heatmaps they were made from."""
        return self.path / "slide_predictions.json"

    @property
    def evaluation(self) -> Path:
        """Comparison with annotations."""
        return self.path / "evaluation.json"

    def detections(self, slide_id: str) -> Path:
        """Peaks of the heatmap, a line ``p,x,y`` each."""
        return self.path / "detections" / f"{slide_id}.csv"

    @property
    def all_detections(self) -> tuple[Path, ...]:
        """The detections of every slide that has some."""
        return tuple(sorted((self.path / "detections").glob("*.csv")))

    @property
    def froc_curve(self) -> Path:
        """Every point of the FROC curve."""
        return self.path / "froc.csv"

    @property
    def froc_picture(self) -> Path:
        """The FROC curve."""
        return self.path / "froc.png"

    @property
    def roc_picture(self) -> Path:
        """The ROC curves of slides and of patches."""
        return self.path / "roc.png"

    @property
    def report(self) -> Path:
        """The page for a pathologist."""
        return self.path / "report.html"
