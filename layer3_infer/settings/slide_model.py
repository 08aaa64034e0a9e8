"""Settings of `layer3-infer slide-model train`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from common.config import Settings

Thresholds = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1, max_length=8)
]


class SlideModelSettings(Settings):
    """How a slide model is trained.

    Attributes
    ----------
    classes : {"auto", "stages", "binary"}
        Negative, itc, micro and macro; or negative and positive. ``auto`` takes the four where
        there are enough patients of each, and every positive slide has one of them.
    thresholds : list of float
        Probabilities above which regions are measured; that of the model of the heatmaps is added.
    regularisation : float
        Weight of the squared coefficients against the mistakes (L2): 1 over scikit-learn's ``C``.
    folds : int
        Of the cross-validation, by patient; each class needs at least as many patients.
    replicates : int
        Resamples of the bootstrap, over patients, for intervals.
    camelyon_exceptions : bool
        Whether what is known to be wrong with slides of CAMELYON is heeded: duplicates are left
        out, labels are corrected.
    seed : int
    """

    classes: Literal["auto", "stages", "binary"] = "auto"
    thresholds: Thresholds = (0.5, 0.9)
    regularisation: Annotated[float, Field(gt=0)] = 10.0
    folds: Annotated[int, Field(ge=2, le=100)] = 5
    replicates: Annotated[int, Field(ge=1)] = 1000
    camelyon_exceptions: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
