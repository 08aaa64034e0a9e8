"""What was found about concepts, worked out and written: numbers, a table, a picture, words."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from common.files import write_text
from layer3_infer.explain.concept_plot import write_plot
from layer3_infer.explain.concept_table import write_table
from layer3_infer.explain.concept_words import paragraphs
from layer3_infer.explain.explained import beside_others
from layer3_infer.explain.finding import Origins
from layer3_infer.explain.rcv import centred

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from layer3_infer.explain.concept_sample import SampledSlide
    from layer3_infer.explain.concept_table import ConceptsFolder
    from layer3_infer.explain.concepts import Concept
    from layer3_infer.explain.finding import Plan, Values
    from layer3_infer.explain.gradients import LayerView

log = logging.getLogger(__name__)
_TOGETHER: Final = 0.5
"""Correlation within slides from which two concepts are said to go together."""

_FEW_PATIENTS: Final = 5


@dataclass(frozen=True, eq=False)
class Looked:
    """Everything concepts are assessed with.

    Attributes
    ----------
    slides : sequence of SampledSlide
        Their patches, slide by slide, are the rows of what follows.
    concepts : sequence of Concept
    values : sequence of Values
        Of each concept, in order.
    views : mapping of layer to LayerView
    seen : int
        Patches of slides or patients the model was trained or chosen on.
    nuclei_given : bool
        Whether the user gave the nuclei.
    """

    slides: Sequence[SampledSlide]
    concepts: Sequence[Concept]
    values: Sequence[Values]
    views: Mapping[str, LayerView]
    seen: int
    nuclei_given: bool = False


def report(looked: Looked, plan: Plan, out: ConceptsFolder) -> dict[str, Any]:
    """Assess the concepts; write table, picture and words; give what the JSON tells of them."""
    slides, concepts = looked.slides, looked.concepts
    origins = Origins(
        _numbered([slide.group for slide in slides], slides),
        _numbered([slide.fingerprint for slide in slides], slides),
        np.concatenate([slide.coords for slide in slides]),
    )
    patches = len(origins.slides)
    log.info("%d concepts in %d layers, %d patches", len(concepts), len(looked.views), patches)
    with threadpool_limits(1):  # small matrices: threads would wait for each other
        findings = beside_others(looked.views, looked.values, origins, plan)
    pairs = together(looked.values, origins.slides)
    words = paragraphs(concepts, findings, pairs, _warnings(looked))
    write_table(out.table, concepts, findings)
    write_plot(out.picture, concepts, findings)
    write_text(out.words, "\n\n".join(words) + "\n")
    return {
        "patches": patches,
        "patches_trained_on": looked.seen,
        "slides": len(slides),
        "patients": len(np.unique(origins.patients)),
        "shuffles": plan.shuffles,
        "level": plan.level,
        "layers": list(looked.views),
        "concepts": [asdict(concept) for concept in concepts],
        "findings": [asdict(finding) for finding in findings],
        "together": [{"concepts": [one, other], "r": r} for one, other, r in pairs],
        "words": words,
    }


def together(
    values: Sequence[Values], slides: npt.NDArray[np.int64]
) -> list[tuple[str, str, float]]:
    """Pairs of concepts and their correlation within slides, if it is strong; closest first."""
    found = []
    for number, one in enumerate(values):
        for other in values[number + 1 :]:
            r = _correlation(np.stack([one.values, other.values], axis=1), slides)
            if abs(r) >= _TOGETHER:
                found.append((one.name, other.name, round(r, 4)))
    return sorted(found, key=lambda pair: -abs(pair[2]))


def _correlation(pair: npt.NDArray[np.float64], slides: npt.NDArray[np.int64]) -> float:
    """Of two columns, less their slides' means, where both are known; 0 where one never varies."""
    rows = np.flatnonzero(np.isfinite(pair).all(axis=1))
    own = centred(pair[rows], slides[rows])
    if len(rows) < 3 or not (own.std(axis=0) > 0).all():
        return 0.0
    return float(np.asarray(np.corrcoef(own.T))[0, 1])


def _warnings(looked: Looked) -> list[str]:
    """What a reader should know of the patches."""
    slides, seen = looked.slides, looked.seen
    patches, patients = sum(map(len, slides)), len({slide.group for slide in slides})
    told = ["Nuclei were given by the user, and not found here."] if looked.nuclei_given else []
    if patients < _FEW_PATIENTS:
        told.append(f"Patches of {patients} patients only: what holds for them may not for others.")
    if seen:
        share = f"{seen} of {patches} patches"
        told.append(f"The model was trained or chosen on the slides or patients of {share}.")
    if any(not slide.patient for slide in slides):
        told.append("Some patients are not known: each of their slides was taken for a patient.")
    if loose := sum(bool((slide.coords < 0).any()) for slide in slides):
        told.append(
            f"Where the patches of {loose} of {len(slides)} slides lie is not known: they were "
            "taken for independent of their neighbours, so that too much may pass."
        )
    return told


def _numbered(names: Sequence[str], slides: Sequence[SampledSlide]) -> npt.NDArray[np.int64]:
    """The number of each patch's name, one name per slide."""
    _, number = np.unique(np.array(names), return_inverse=True)
    return np.repeat(number.astype(np.int64), [len(slide) for slide in slides])
