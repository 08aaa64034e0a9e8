"""Which patients are set aside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from common.config import Settings
from layer2_train.settings.numbers import Fraction

Patients = Annotated[tuple[str, ...], Field(min_length=1)]


class SplitByPatient(Settings):
    """Patients set aside by share or by name.

    Attributes
    ----------
    valid, test : float or list of str
        A share of the patients, or their names. 0 sets none aside.
    seed : int
        Which patients, where a share is given.
    """

    by: Literal["patient"] = "patient"
    valid: Fraction | Patients = 0.2
    test: Fraction | Patients = 0.2
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _can_be_kept(self) -> SplitByPatient:
        if isinstance(self.valid, tuple) and isinstance(self.test, tuple):
            twice = sorted({*self.valid} & {*self.test})
            if twice:
                raise ValueError(f"valid and test: expected a patient in one, got {twice} in both")
        elif not isinstance(self.valid, tuple) and not isinstance(self.test, tuple):
            total = self.valid + self.test
            if total >= 1:
                raise ValueError(f"valid and test: expected shares below 1 together, got {total}")
        return self


class SplitGiven(Settings):
    """The split each patch file names itself."""

    by: Literal["given"]
