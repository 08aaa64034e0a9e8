"""The pN stage of a patient from the classes of the lymph nodes, as CAMELYON17 defines it.

A node with nothing but isolated tumour cells is not counted among those with metastases.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from layer3_infer.evaluation.lesions import CLASSES, ITC, MACRO, MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

STAGES: Final = ("pN0", "pN0(i+)", "pN1mi", "pN1", "pN2")
"""From least to most."""

NODES: Final = 5
"""Slides of a patient in CAMELYON17, a node each."""

_MOST_OF_PN1: Final = 3


def stage_of(classes: Sequence[str]) -> str:
    """The stage of a patient with nodes of these classes; at least one.

    * pN0: all negative. pN0(i+): isolated tumour cells, nothing larger.
    * pN1mi: micrometastases, no macrometastasis.
    * pN1: metastases in one to three nodes, of which at least one is a macrometastasis; pN2: in
      four or more. With five nodes there is nothing beyond.

    Examples
    --------
    >>> stage_of(["macro", "micro", "micro", "itc", "negative"])
    'pN1'
    """
    if not classes or not set(classes) <= set(CLASSES):
        raise ValueError(f"expected classes among {CLASSES}, got {classes}")
    number = Counter(classes)
    metastatic = number[MACRO] + number[MICRO]
    if number[MACRO]:
        return "pN1" if metastatic <= _MOST_OF_PN1 else "pN2"
    if metastatic:
        return "pN1mi"
    return "pN0(i+)" if number[ITC] else "pN0"
