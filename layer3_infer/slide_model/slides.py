"""The slides of folders of results, with their features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError, ContractError
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_features import slide_features
from layer3_infer.slide_model.heatmap_kind import HeatmapKind
from layer3_infer.slide_result import OTHERS, read_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from layer3_infer.slide_result import SlideResult


@dataclass(frozen=True)
class MeasuredSlide:
    """One slide with its features.

    Attributes
    ----------
    folder : Path
        Its folder of results.
    result : SlideResult
    fingerprint : str
        Of the slide's content.
    kind : HeatmapKind
    mpp : float, um/px
        Scale of level 0.
    features : mapping
        By name; all NaN where nothing was analysed.
    """

    folder: Path
    result: SlideResult
    fingerprint: str
    kind: HeatmapKind
    mpp: float
    features: Mapping[str, float]

    @property
    def patient(self) -> str:
        """What is drawn and held out together: the slide itself where its patient is not known."""
        result = self.result
        return f"patient {result.patient}" if result.patient else f"slide {result.slide_id}"

    @property
    def analysed(self) -> bool:
        """Whether there are features."""
        return not np.isnan(self.features["maximum"])


@dataclass(frozen=True)
class NotMeasured:
    """One slide without features.

    Attributes
    ----------
    result : SlideResult
    reason : str
    error : ContractError or None
        What made its heatmap unreadable.
    """

    result: SlideResult
    reason: str
    error: ContractError | None = None


def measured_slides(
    folder: Path, thresholds: Sequence[float]
) -> Iterator[MeasuredSlide | NotMeasured]:
    """Every slide of a folder of results, by slide id.

    Parameters
    ----------
    folder : Path
        Written by ``layer3-infer heatmap``.
    thresholds : sequence of float
        See `layer3_infer.slide_features`.

    Raises
    ------
    ConfigError
        If there are no results.
    """
    results = read_results(folder)
    if not results:
        raise ConfigError(
            f"{folder}: expected results of layer3-infer heatmap, found none. Run it first"
        )
    run = read_run(folder)
    for result in results:
        yield _measured(folder, result, run, thresholds)


def _measured(
    folder: Path,
    result: SlideResult,
    run: Mapping[str, Any],
    thresholds: Sequence[float],
) -> MeasuredSlide | NotMeasured:
    if result.status == "failed":
        return NotMeasured(result, "it failed")
    if not result.made_by(run):
        reason = OTHERS
        return NotMeasured(result, reason)
    try:
        made = read_heatmap(ResultsFolder(folder).heatmap(result.slide_id))
    except ContractError as error:
        return NotMeasured(result, str(error), error)
    return MeasuredSlide(
        folder=folder,
        result=result,
        fingerprint=made.header.slide_fingerprint,
        kind=HeatmapKind.of(made, run),
        mpp=made.header.level0_mpp,
        features=slide_features(made.heatmap, made.header.level0_mpp, thresholds),
    )
