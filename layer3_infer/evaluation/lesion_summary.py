"""Lesions and classes of the slides compared, in the words of ``evaluation.json``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from layer3_infer.evaluation.bootstrap import one_estimate
from layer3_infer.evaluation.kappa import confusion, quadratic_kappa
from layer3_infer.evaluation.lesions import CLASSES, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer3_infer.evaluation.bootstrap import Estimate
    from layer3_infer.evaluation.comparison import SlideComparison
    from layer3_infer.settings.evaluate import EvaluateSettings

ONE_CLASS: Final = "fewer than two classes among those known and said"


def of_lesions(compared: Sequence[SlideComparison]) -> dict[str, Any]:
    """Of each slide, how many lesions are annotated and how many its heatmap has, by kind."""
    return {
        one.slide_id: {
            "annotated": None
            if one.annotated is None
            else _counted([lesion.extent_um for lesion in one.annotated]),
            "found": None if one.found is None else _counted(one.found),
        }
        for one in compared
        if one.annotated is not None or one.found is not None
    }


def of_classes(compared: Sequence[SlideComparison], settings: EvaluateSettings) -> dict[str, Any]:
    """How the class said of each slide agrees with the one known."""
    used = [one for one in compared if one.known_class and one.said_class]
    known = [one.known_class or "" for one in used]
    said = [one.said_class or "" for one in used]
    return {
        **agreement(known, said, CLASSES, [one.group for one in used], settings),
        "by_slide": {
            one.slide_id: {"known": one.known_class, "said": one.said_class} for one in compared
        },
    }


def agreement(
    known: Sequence[str],
    said: Sequence[str],
    classes: Sequence[str],
    groups: Sequence[str],
    settings: EvaluateSettings,
) -> dict[str, Any]:
    """Quadratic kappa with its interval over groups, and the table it is of.

    Parameters
    ----------
    known, said : sequence of str
        Of `classes`.
    classes : sequence of str
        From least to most; rows (known) and columns (said) of the table.
    groups : sequence of str
        Of each pair.
    settings : EvaluateSettings
    """
    kappa: Estimate = one_estimate(
        lambda counts: quadratic_kappa(confusion(known, said, classes, counts)),
        groups,
        replicates=settings.replicates,
        seed=settings.seed,
        undefined=ONE_CLASS,
    )
    table = confusion(known, said, classes).astype(int).tolist()
    return {"kappa": kappa, "classes": list(classes), "confusion": table}


def _counted(extents: Sequence[float]) -> dict[str, Any]:
    kinds = Counter(kind_of(one) for one in extents)
    largest = round(max(extents, default=0.0), 1)
    return {**{kind: kinds[kind] for kind in CLASSES[1:]}, "largest_um": largest}
