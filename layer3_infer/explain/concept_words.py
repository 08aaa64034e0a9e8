"""What was found about concepts, in sentences a pathologist can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layer3_infer.explain.concepts import Concept
    from layer3_infer.explain.finding import Finding

_MOST_LAYERS: Final = 3
_LITTLE: Final = 0.1
"""R2 below which a layer knows little of a concept, though more than chance."""
_NONE: Final = (
    "No concept stands out: with these patches, none could be told from its shuffled copies."
)
_CAUTION: Final = (
    "A concept that goes along with the label, as the distance to a pen mark may, passes even "
    "where the network looks at something else that goes along with it."
)


def paragraphs(
    concepts: Sequence[Concept],
    findings: Sequence[Finding],
    together: Sequence[tuple[str, str, float]],
    warnings: Sequence[str],
) -> list[str]:
    """What speaks for tumour, what goes along with it, what there is no evidence for; and cautions.

    Parameters
    ----------
    concepts : sequence of Concept
    findings : sequence of Finding
    together : sequence of (name, name, float)
        Pairs of concepts that go together, and their correlation within slides.
    warnings : sequence of str
        What else a reader should know.
    """
    known = {concept.name: concept for concept in concepts}
    by_concept = {
        name: [finding for finding in findings if finding.concept == name] for name in known
    }
    passing = {name: own for name, own in by_concept.items() if any(f.passes for f in own)}
    ordered = sorted(passing, key=lambda name: -_total(passing[name]))
    said = [_passes(known[name], passing[name]) for name in ordered]
    if not said:
        said = [_NONE]
    rest = [name for name in known if name not in passing]
    parts = [" ".join(said), _explained(known, by_concept, rest), _nothing(known, by_concept, rest)]
    parts += [_unassessed(known, by_concept), _together(known, together, passing)]
    parts += [_CAUTION] if passing else []
    return [part for part in [*parts, *warnings] if part]


def _total(own: Sequence[Finding]) -> float:
    return sum(abs(finding.br_scaled or 0.0) for finding in own if finding.passes)


def _passes(concept: Concept, own: Sequence[Finding]) -> str:
    """One concept the network's answers follow; layers where it speaks otherwise on their own."""
    for_it = [f for f in own if f.passes and (f.sensitivity_mean or 0.0) > 0]
    against = [f for f in own if f.passes and f not in for_it]
    ordered = sorted([part for part in (for_it, against) if part], key=lambda p: -_z(_best(p)))
    told = ", but ".join(_speaks(part) for part in ordered)
    return f"Where {concept.said}, that speaks {told}."


def _speaks(own: Sequence[Finding]) -> str:
    """For or against tumour, by what evidence, and where; of layers that agree."""
    best = _best(own)
    towards = "for tumour" if (best.sensitivity_mean or 0.0) > 0 else "against tumour"
    share, r2 = best.tcav or 0.0, best.r2 or 0.0
    otherwise = share < 0.5 if (best.sensitivity_mean or 0.0) > 0 else share > 0.5
    if otherwise:
        towards = f"on average {towards}, though in most patches the other way"
    there = [finding.layer for finding in own]
    layers = ", ".join(there[:_MOST_LAYERS]) + (
        f" and {len(there) - _MOST_LAYERS} more" if len(there) > _MOST_LAYERS else ""
    )
    little = ", so that the layer knows little of it" if r2 < _LITTLE else ""
    return (
        f"{towards} (in {best.layer} the mean sensitivity is {_z(best):.1f} standard deviations "
        f"from those of shuffled copies, R2 {r2:.2f}{little}, TCAV {share:.2f}{_null(best)}; "
        f"passes in {layers})"
    )


def _best(own: Sequence[Finding]) -> Finding:
    return max(own, key=_z)


def _z(finding: Finding) -> float:
    return abs(finding.sensitivity_z or 0.0)


def _null(finding: Finding) -> str:
    """The TCAV shuffled copies have."""
    low, high = finding.tcav_null_low, finding.tcav_null_high
    return "" if low is None or high is None else f" where theirs is {low:.2f} to {high:.2f}"


def _explained(
    known: Mapping[str, Concept], by_concept: Mapping[str, Sequence[Finding]], rest: Sequence[str]
) -> str:
    """Those that pass alone, and not beside a stronger concept."""
    found: dict[str, list[str]] = {}
    for name in rest:
        leaders = [finding.explained_by for finding in by_concept[name] if finding.explained_by]
        if leaders:
            leader = max(sorted(set(leaders)), key=leaders.count)
            found.setdefault(leader, []).append(_named(known[name]))
    return " ".join(
        f"Beside {_named(known[leader])}, with which it goes together, "
        f"nothing more is seen of {_listed(titles)}."
        for leader, titles in found.items()
    )


def _nothing(
    known: Mapping[str, Concept], by_concept: Mapping[str, Sequence[Finding]], rest: Sequence[str]
) -> str:
    titles = [
        _named(known[name])
        for name in rest
        if not any(finding.explained_by for finding in by_concept[name])
        and not all(finding.reason for finding in by_concept[name])
    ]
    if not titles:
        return ""
    return (
        f"There is no evidence that the network looks at {_listed(titles, 'or')}. "
        "That is no proof that it does not."
    )


def _unassessed(known: Mapping[str, Concept], by_concept: Mapping[str, Sequence[Finding]]) -> str:
    told = [
        f"{known[name].title} could not be assessed: {own[0].reason}."
        for name, own in by_concept.items()
        if own and all(finding.reason for finding in own)
    ]
    return " ".join(told)


def _together(
    known: Mapping[str, Concept],
    pairs: Sequence[tuple[str, str, float]],
    passing: Mapping[str, Sequence[Finding]],
) -> str:
    told = [
        f"{_named(known[one])} and {_named(known[other])} (r = {r:+.2f})"
        for one, other, r in pairs
        if one in passing and other in passing
    ]
    if not told:
        return ""
    return f"These go together in the patches, so that each may owe to the other: {_listed(told)}."


def _named(concept: Concept) -> str:
    """Its title within a sentence; acronyms stay as they are."""
    return concept.title[:1].lower() + concept.title[1:] if concept.mpp else concept.title


def _listed(words: Sequence[str], last: str = "and") -> str:
    """Words with commas, and `last` before the last of them.

    Examples
    --------
    >>> _listed(["area", "number", "shape"])
    'area, number and shape'
    """
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
