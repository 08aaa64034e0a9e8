"""The explained patches of a slide, each beside what spoke for tumour in it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from common.errors import ContractError
from common.patch_file.schema import NORMAL, TUMOR
from layer3_infer.explain.colours import laid_over
from layer3_infer.explain.contact_sheet import measures_of, said_of
from layer3_infer.explain.explanation_file import file_name, read_explanations
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.report.method_check import MethodCheck, method_check
from layer3_infer.viewer.pictures import EmbeddedPicture, embed, reduced
from layer3_infer.viewer.scene import Mark
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.explain.explanation import Explanation
    from layer3_infer.explain.explanation_file import Header

FOLDER: Final = "explanations"
_LABELS: Final = {TUMOR: "label tumour", NORMAL: "label normal"}
_CHOICES: Final = {
    "top": "those of highest probability",
    "uncertain": "those where the model is least sure",
    "named": "those that were named",
}
_QUALITY: Final = 88
_SMALL: Final = 112
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExplainedPatch:
    """One patch.

    Attributes
    ----------
    element : str
        Id of the picture with the map over it.
    number : int
    x, y : int, level-0 px
        -1 where it has no place.
    edge : int, level-0 px
    probability : float
    label : str
    measures : str
        What the method says of its own reliability.
    patch, over : EmbeddedPicture
    small, small_over : EmbeddedPicture
        The same, for a table.
    """

    element: str
    number: int
    x: int
    y: int
    edge: int
    probability: float
    label: str
    measures: str
    patch: EmbeddedPicture
    over: EmbeddedPicture
    small: EmbeddedPicture
    small_over: EmbeddedPicture


@dataclass(frozen=True)
class ExplainedPatches:
    """The explanations of one slide by one method.

    Attributes
    ----------
    method : str
        As people call it.
    said : str
        What its colours mean.
    patches : sequence of ExplainedPatch
        Those shown.
    explained, candidates : int
        How many patches are explained, and of how many; 0 where not known.
    choice : str
        Which these are; empty where not known.
    check : MethodCheck or None
        What became of the method on networks with random weights; None where it was not tried.
    other_model : bool
        Whether another model than that of the heatmaps is explained.
    broken : bool
        Whether they are there and cannot be read.
    """

    method: str
    said: str
    patches: Sequence[ExplainedPatch] = ()
    explained: int = 0
    candidates: int = 0
    choice: str = ""
    check: MethodCheck | None = None
    other_model: bool = False
    broken: bool = False

    @property
    def marks(self) -> list[Mark]:
        """Those that have a place on the slide."""
        return [
            Mark(
                "explanations",
                one.number,
                one.x,
                one.y,
                one.edge,
                f"{self.method}, P(tumour) {probability(one.probability)}",
                one.element,
            )
            for one in self.patches
            if one.x >= 0
        ]


def explained_patches(
    folder: Path, slide_id: str, model_sha256: str, mpp: float, most: int
) -> list[ExplainedPatches]:
    """Explanations beside the heatmaps, or in the folder ``explanations``, by method.

    Parameters
    ----------
    folder : Path
        Of the results.
    slide_id, model_sha256 : str
    mpp : float, um/px
        Scale of level 0.
    most : int
        Patches shown of each method.

    Raises
    ------
    ConfigError
        If what a sanity check found cannot be read.
    """
    found = []
    for method, explainer in EXPLAINERS.items():
        for place in (folder, folder / FOLDER):
            path = place / file_name(slide_id, method)
            if path.exists():
                one = _read(path, (method, explainer.title), model_sha256, mpp, most)
                check = method_check(place, method, model_sha256)
                found.append(replace(one, check=check))
    return found


def _read(
    path: Path, method: tuple[str, str], model_sha256: str, mpp: float, most: int
) -> ExplainedPatches:
    name, title = method
    try:
        found = read_explanations(path)
    except ContractError as error:
        log.warning("explanations cannot be read, run explain again: %s", error)
        return ExplainedPatches(title, "", broken=True)
    header, rows = found.header, found.explanations
    patches = [_patch(name, number, one, header, mpp) for number, one in enumerate(rows[:most], 1)]
    other = header.model_sha256 != model_sha256
    return ExplainedPatches(
        title,
        said_of(name),
        patches,
        len(rows),
        header.candidates,
        _CHOICES.get(header.choice, ""),
        other_model=other,
    )


def _patch(
    method: str, number: int, one: Explanation, header: Header, mpp: float
) -> ExplainedPatch:
    over = laid_over(one)
    return ExplainedPatch(
        element=f"explained-{method}-{number}",
        number=number,
        x=one.x,
        y=one.y,
        edge=max(1, round(header.patch_size * header.patch_mpp / mpp)),
        probability=one.probability,
        label=_LABELS.get(one.label, ""),
        measures=measures_of(one),
        patch=embed(one.patch, ".jpg", _QUALITY),
        over=embed(over, ".jpg", _QUALITY),
        small=embed(reduced(one.patch, _SMALL), ".jpg", _QUALITY),
        small_over=embed(reduced(over, _SMALL), ".jpg", _QUALITY),
    )
