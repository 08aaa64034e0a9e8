"""What the groups of ASAP, the classes of QuPath and the layers of ImageScope mean.

* CAMELYON16's README: ``_0``, ``_1`` and ``Tumor`` are tumour; ``_2``, ``Exclusion`` and ``None``
  are areas cut out of it.
* CAMELYON17's README converts ``metastases``, then ``normal`` over it: normal is cut out.
* QuPath: a name that ends in ``*``, such as ``Ignore*``, is left out of every measurement.
  ``Stroma``, ``Necrosis`` and ``Immune cells``, its other default classes, say not tumour.
  They cut nothing out, because they are often drawn loosely around nests of tumour.
* ``Uncertain``: someone, or a model, could not tell. Nothing there is known, whatever else is drawn
  there, until the object is deleted or given another group.

``None`` is also where ASAP leaves what was never put in a group, so an object in it is known for
a cut-out only where the same file draws tumour. Names are compared without regard to case; the
same name means the same in all formats.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import shapely

from common.annotations.regions import Annotations
from common.annotations.shapes import merged, polygonal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.annotations.shapes import Shape


class Meaning(Enum):
    """What an object says about the area it encloses."""

    TUMOR = auto()
    CUT_OUT = auto()
    """Not tumour, even where tumour is drawn."""
    NOT_TUMOR = auto()
    """Not tumour, unless tumour is drawn there too."""
    UNCERTAIN = auto()
    """Neither tumour nor normal, even where either is drawn."""
    UNKNOWN = auto()


_NAMES: Final = {
    Meaning.TUMOR: "_0 _1 tumor tumour tumors tumours metastasis metastases positive malignant "
    "cancer carcinoma",
    Meaning.CUT_OUT: "_2 exclusion exclude excluded none normal ignore ignore*",
    Meaning.NOT_TUMOR: "benign negative stroma necrosis lymphocytes",
    Meaning.UNCERTAIN: "uncertain unsure",
}
_SILENT: Final = (Meaning.UNCERTAIN, Meaning.UNKNOWN)
MEANINGS: Final = {name: key for key, names in _NAMES.items() for name in names.split()} | {
    "immune cells": Meaning.NOT_TUMOR
}
"""Meaning of each known name, in lower case."""


def meaning(names: Sequence[str]) -> Meaning:
    """Meaning of the first of `names` that has one.

    Examples
    --------
    >>> meaning(["Tumor: Ki67", "Tumor"]), meaning(["Region*"])
    (<Meaning.TUMOR: 1>, <Meaning.UNKNOWN: 5>)
    """
    known = (MEANINGS[key] for name in names if (key := name.strip().lower()) in MEANINGS)
    return next(known, Meaning.UNKNOWN)


def compose(shapes: Sequence[Shape]) -> Annotations:
    """Draw `shapes` together: everything tumour, less everything cut out.

    The order of the shapes makes no difference.
    """
    meanings = [meaning(shape.names) for shape in shapes]
    tumor = merged(_areas(shapes, meanings, Meaning.TUMOR))
    cut_out = merged(_areas(shapes, meanings, Meaning.CUT_OUT))
    unplaced = Counter(
        shape.names[0]
        for shape, said in zip(shapes, meanings, strict=True)
        if shape.area.is_empty or said in _SILENT or (tumor.is_empty and _loose(shape))
    )
    return Annotations(
        tumor=polygonal(shapely.difference(tumor, cut_out)),
        groups=dict(Counter(shape.names[0] for shape in shapes)),
        unplaced=dict(unplaced),
        uncertain=merged(_areas(shapes, meanings, Meaning.UNCERTAIN)),
    )


def _areas(
    shapes: Sequence[Shape], meanings: Sequence[Meaning], wanted: Meaning
) -> list[shapely.MultiPolygon]:
    pairs = zip(shapes, meanings, strict=True)
    return [shape.area for shape, said in pairs if said is wanted]


def _loose(shape: Shape) -> bool:
    """Whether ASAP left `shape` in no group."""
    return shape.names[0].strip().lower() == "none"
