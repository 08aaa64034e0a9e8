from __future__ import annotations

from pathlib import Path

from common.errors import ContractError
from layer2_train.refusal import UnfitPatchesError


def problem(name):
    return ContractError(Path(name), "/labels", "8 rows", "7", "Extract it anew")


def test_one_problem_is_said_as_it_is():
    assert str(UnfitPatchesError([problem("a.h5")])) == str(problem("a.h5"))


def test_many_problems_stand_under_their_number():
    error = UnfitPatchesError([problem(f"{n}.h5") for n in range(12)])

    head, *lines = str(error).splitlines()
    assert head.startswith("12 problems")
    assert [line.strip() for line in lines] == [str(problem(f"{n}.h5")) for n in range(12)]
    assert len(error.problems) == 12


def test_whoever_catches_a_broken_contract_catches_it():
    assert isinstance(UnfitPatchesError([problem("a.h5")]), ContractError)
    assert UnfitPatchesError.exit_status == 4
