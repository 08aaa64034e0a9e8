"""From which probability on a patch is called tumour."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ValidationError

from common.config import Settings
from layer2_train.settings.numbers import Probability

YOUDEN: Final = "youden"
_EXPECTED: Final = (
    "expected a probability between 0 and 1, youden, {sensitivity: 0.95} or {specificity: 0.95}"
)


class AtSensitivity(Settings):
    """The highest threshold that reaches this sensitivity on validation patches."""

    sensitivity: Probability


class AtSpecificity(Settings):
    """The lowest threshold that reaches this specificity on validation patches."""

    specificity: Probability


def parse(value: Any) -> Any:
    """A threshold, or a rule that chooses one.

    Raises
    ------
    ValueError
        Naming the four forms there are; one message instead of one for each form.
    """
    if isinstance(value, AtSensitivity | AtSpecificity) or value == YOUDEN:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    for kind in (AtSensitivity, AtSpecificity):
        if isinstance(value, dict) and set(value) == set(kind.model_fields):
            try:
                return kind.model_validate(value)
            except ValidationError as error:
                raise ValueError(_EXPECTED) from error
    raise ValueError(_EXPECTED)


Threshold = Annotated[
    float | Literal["youden"] | AtSensitivity | AtSpecificity, BeforeValidator(parse)
]
"""A number; or Youden's, where sensitivity + specificity is highest; or the cut that reaches a
sensitivity or a specificity. What is chosen is chosen on validation patches.
"""
