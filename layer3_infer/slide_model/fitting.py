"""Training a slide model, and judging it on patients it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError
from common.roc import auc_interval
from layer3_infer.slide_model.model import SlideModel, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from layer3_infer.config import SlideModelSettings

    Features = Sequence[Mapping[str, float]]
    Indices = npt.NDArray[np.intp]


def fit(slides: Features, labels: Indices, classes: Sequence[str], weight: float) -> SlideModel:
    """The model of all `slides`; classes count alike, however many slides they have.

    Parameters
    ----------
    slides : sequence of mapping
        Features by name, the same of each; finite.
    labels : (N,) int
        Index of each slide's class; every class has some.
    classes : sequence of str
        The first is ``negative``.
    weight : float
        Of the regularisation.
    """
    from sklearn.linear_model import LogisticRegression

    features = tuple(slides[0])
    values = table(slides, features)
    means, scales = values.mean(axis=0), values.std(axis=0)
    scales[scales < 1e-12 * np.maximum(1.0, np.abs(means))] = 1.0  # no feature: it never changes
    regression = LogisticRegression(
        C=1 / weight, class_weight="balanced", max_iter=10_000, tol=1e-8
    )
    regression.fit((values - means) / scales, labels)
    coefficients, intercepts = regression.coef_, np.atleast_1d(regression.intercept_)
    if len(classes) == 2:
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return SlideModel(features, means, scales, tuple(classes), coefficients, intercepts)


def cross_validate(
    slides: Features,
    labels: Indices,
    patients: npt.NDArray[Any],
    classes: Sequence[str],
    settings: SlideModelSettings,
) -> dict[str, Any]:
    """How models trained on other patients answer: every slide is answered for once.

    Parameters
    ----------
    slides, labels, classes
        As for `fit`.
    patients : (N,) of str
        Slides of one patient are together trained on, or together held out.
    settings : SlideModelSettings

    Returns
    -------
    dict
        ``auc`` of the score, the probability of any tumour, and of the highest probability of a
        patch for comparison, with intervals over patients; ``confusion``, by true class and then
        by the class of highest probability; ``accuracy``; ``kappa``, with quadratic weights
        (Cohen 1968, doi:10.1037/h0026256); ``folds``.
    """
    from sklearn.metrics import cohen_kappa_score, confusion_matrix

    answers = np.full((len(slides), len(classes)), np.nan)
    for train, held_out in _folds(labels, patients, len(classes), settings):
        model = fit(_of(slides, train), labels[train], classes, settings.regularisation)
        answers[held_out] = model.probabilities(_of(slides, held_out))
    positive = (labels > 0).astype(np.int8)
    maximum = np.array([slide["maximum"] for slide in slides])
    given = {"replicates": settings.replicates, "seed": settings.seed}
    said = answers.argmax(axis=1)
    confusion = confusion_matrix(labels, said, labels=range(len(classes)))
    return {
        "folds": settings.folds,
        "auc": auc_interval(positive, 1 - answers[:, 0], patients, **given),
        "auc_of_maximum": auc_interval(positive, maximum, patients, **given),
        "confusion": confusion.tolist(),
        "accuracy": float((said == labels).mean()),
        "kappa": float(cohen_kappa_score(labels, said, weights="quadratic")),
    }


def _folds(
    labels: Indices, patients: npt.NDArray[Any], count: int, settings: SlideModelSettings
) -> Iterator[tuple[Indices, Indices]]:
    """Slides to train on and to hold out, in turn; by patient, classes spread evenly."""
    from sklearn.model_selection import StratifiedGroupKFold

    cut = StratifiedGroupKFold(settings.folds, shuffle=True, random_state=settings.seed)
    for train, held_out in cut.split(labels, labels, patients):
        if len(np.unique(labels[train])) < count:
            raise ConfigError(
                f"folds: expected every class among the patients of {settings.folds - 1} folds, "
                "found some that lack one. Give another seed, or fewer folds"
            )
        yield train, held_out


def _of(slides: Features, which: Indices) -> list[Mapping[str, float]]:
    return [slides[int(number)] for number in which]
