"""Concepts that go together: which of them still says something beside a stronger one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from layer3_infer.explain.assessment import assess
from layer3_infer.explain.finding import Values
from layer3_infer.explain.rcv import centred

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from layer3_infer.explain.finding import Finding, Origins, Plan
    from layer3_infer.explain.gradients import LayerView

MOST_LEADERS: Final = 4
"""Concepts that others are held against, at most; each takes another assessment."""


def beside_others(
    views: Mapping[str, LayerView],
    concepts: Sequence[Values],
    origins: Origins,
    plan: Plan,
) -> list[Finding]:
    """What `assess` finds, with `passes` and `explained_by` of concepts that go together.

    Where nuclei are larger there are fewer of them, and whatever depends on their size differs
    with the class as well. The concept that passes and is strongest over the layers leads. The
    others are assessed again, less what a line and a parabola in the leader's values tell of them
    within slides; those that still pass go on in the same way with the strongest of them. A
    concept passes in a layer where it has passed to the end of its turn; where it has passed alone
    only, it is explained by the leader it failed beside.

    Parameters
    ----------
    views, concepts, origins, plan
        As of `assess`.
    """
    alone = assess(views, concepts, origins, plan)
    explained: dict[tuple[str, str], str] = {}
    left = _passing(alone)
    leaders: list[Values] = []
    known = {concept.name: concept for concept in concepts}
    found = alone
    while left and len(leaders) < MOST_LEADERS:
        leader = leading(found, left)
        leaders.append(known[leader])
        left = {key for key in left if key[0] != leader}
        rest = [concept for concept in concepts if any(key[0] == concept.name for key in left)]
        if not rest:
            break
        others = [less(concept, leaders, origins.slides) for concept in rest]
        found = assess(views, others, origins, plan)
        still = _passing(found) & left
        explained |= dict.fromkeys(left - still, leader)
        left = still
    return [_told(finding, explained) for finding in alone]


def leading(found: Sequence[Finding], among: set[tuple[str, str]]) -> str:
    """The strongest concept of those in `among`, pairs of concept and layer.

    By its strength in each layer over that of the strongest there, summed over the layers.
    """
    largest: dict[str, float] = defaultdict(float)
    for finding in found:
        largest[finding.layer] = max(largest[finding.layer], finding.strength)
    total: dict[str, float] = defaultdict(float)
    names = {concept for concept, _ in among}
    for finding in found:
        if finding.concept in names and largest[finding.layer] > 0:
            total[finding.concept] += finding.strength / largest[finding.layer]
    return max(sorted(names), key=total.__getitem__)


def less(concept: Values, leaders: Sequence[Values], slides: npt.NDArray[np.int64]) -> Values:
    """A concept less what lines and parabolas in the leaders' values tell of it within slides.

    NaN where a leader has no value. What is left of a discrete concept is continuous.
    """
    others = np.stack([leader.values for leader in leaders], axis=1)
    rows = np.flatnonzero(np.isfinite(concept.values) & np.isfinite(others).all(axis=1))
    left = np.full(len(concept.values), np.nan)
    if not len(rows):
        return Values(concept.name, left)
    spread = others[rows].std(axis=0)
    scaled = (others[rows] - others[rows].mean(axis=0)) / np.where(spread > 0, spread, 1)
    known = centred(np.concatenate([scaled, np.square(scaled)], axis=1), slides[rows])
    own = centred(concept.values[rows, None], slides[rows])[:, 0]
    left[rows] = own - known @ np.linalg.lstsq(known, own, rcond=None)[0]
    return Values(concept.name, left)


def _passing(found: Sequence[Finding]) -> set[tuple[str, str]]:
    return {(finding.concept, finding.layer) for finding in found if finding.passes_alone}


def _told(finding: Finding, explained: Mapping[tuple[str, str], str]) -> Finding:
    by = explained.get((finding.concept, finding.layer), "")
    return replace(finding, passes=finding.passes_alone and not by, explained_by=by)
