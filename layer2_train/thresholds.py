"""The probability from which on a patch is called tumour, given or chosen.

Chosen on validation patches and applied to others: a threshold chosen where it is judged flatters.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ConfigError
from layer2_train.settings.threshold import YOUDEN, AtSensitivity, AtSpecificity

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.model_bundle import Manifest
    from layer2_train.settings.threshold import Threshold

HALF: Final = 0.5
FIXED: Final = "fixed"
_SENSITIVITY: Final = "sensitivity"
_SPECIFICITY: Final = "specificity"
_MOST_DIGITS: Final = 9
_NEEDS: Final = {
    YOUDEN: ("normal", "tumor"),
    _SENSITIVITY: ("tumor",),
    _SPECIFICITY: ("normal",),
}


@dataclass(frozen=True)
class Chosen:
    """A threshold, and where it comes from.

    Attributes
    ----------
    value : float
        A patch is called tumour from this probability on.
    rule : {"fixed", "youden", "sensitivity", "specificity"}
    at : float or None
        The sensitivity or specificity that was to be reached.
    on : str or None
        The split it was chosen on; None where it was given.
    """

    value: float
    rule: str = FIXED
    at: float | None = None
    on: str | None = None

    def origin(self) -> dict[str, Any]:
        """What `metrics.json` says beside the number: rule, at, on."""
        return {name: value for name, value in asdict(self).items() if name != "value"}


def refuse_without_patches(threshold: Threshold, *, normal: int, tumor: int) -> None:
    """Refuse a rule that the validation patches cannot answer, before the first step.

    Raises
    ------
    ConfigError
        Naming the classes of which there are none.
    """
    rule, _ = _rule(threshold)
    counts = {"normal": normal, "tumor": tumor}
    missing = [name for name in _NEEDS.get(rule, ()) if counts[name] == 0]
    if missing:
        raise ConfigError(
            f"threshold: {rule}: expected validation patches to choose it on, found no "
            f"{' and no '.join(missing)} ones. Set other patients aside with split.valid, or give "
            "a number"
        )


def choose(
    threshold: Threshold,
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    split: str,
) -> Chosen:
    """The threshold that a rule finds on labelled patches; a number stays what it is.

    Between two neighbouring scores a short number between them is taken.

    Parameters
    ----------
    threshold : Threshold
    labels : (N,) int8
        1 tumour, 0 normal; of the classes that the rule asks for at least one patch.
    scores : (N,) float32
        Probability of tumour.
    split : str
        Name of these patches, for the record.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.7, 0.9], np.float32)
    >>> choose("youden", labels, scores, "valid").value
    0.4
    """
    if isinstance(threshold, float):
        return Chosen(threshold)
    rule, at = _rule(threshold)
    refuse_without_patches(
        threshold, normal=int((labels == 0).sum()), tumor=int((labels == 1).sum())
    )
    values, sensitivity, specificity = _cuts(labels, scores)
    if at is None:
        cut = int(np.argmax(sensitivity + specificity))
    elif rule == _SENSITIVITY:
        cut = int(np.flatnonzero(sensitivity >= at)[-1])
    else:
        cut = int(np.flatnonzero(specificity >= at)[0])
    return Chosen(_between(values, cut), rule, at, split)


def of_bundle(manifest: Manifest) -> Chosen:
    """The threshold a model was measured with; a half where it was measured on nothing.

    Its origin is told where the bundle tells it.
    """
    for found in manifest.metrics.values():
        if isinstance(found, dict) and isinstance(found.get("threshold"), float):
            return Chosen(found["threshold"], **found.get("threshold_choice", {}))
    given = manifest.config.get("threshold")
    return Chosen(given if isinstance(given, float) else HALF)


def _rule(threshold: Threshold) -> tuple[str, float | None]:
    if isinstance(threshold, AtSensitivity):
        return _SENSITIVITY, threshold.sensitivity
    if isinstance(threshold, AtSpecificity):
        return _SPECIFICITY, threshold.specificity
    return (FIXED if isinstance(threshold, float) else YOUDEN), None


def _cuts(
    labels: npt.NDArray[np.int8], scores: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Distinct scores, rising (K,), and both rates if the lowest k of them are called normal.

    Rates are (K + 1,), k from 0 to K; one of a class that is missing is 0.
    """
    values, rank = np.unique(scores, return_inverse=True)
    normal = np.bincount(rank, labels == 0, minlength=len(values))
    tumor = np.bincount(rank, labels == 1, minlength=len(values))
    specificity = np.concatenate([[0.0], np.cumsum(normal) / max(normal.sum(), 1)])
    sensitivity = (tumor.sum() - np.concatenate([[0.0], np.cumsum(tumor)])) / max(tumor.sum(), 1)
    return values, sensitivity, specificity


def _between(values: npt.NDArray[np.float32], cut: int) -> float:
    """A threshold above the lowest `cut` distinct scores and not above the others."""
    if cut == len(values):
        return float(np.nextafter(np.float32(values[-1]), np.float32(2)))
    upper = float(values[cut])
    lower = float(values[cut - 1]) if cut else 0.0
    for digits in range(1, _MOST_DIGITS + 1):
        value = round((lower + upper) / 2, digits)
        if lower < np.float32(value) <= upper:
            return value
    return upper
