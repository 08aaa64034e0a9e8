from __future__ import annotations

from pathlib import Path

from common.errors import ConfigError, ContractError, Interrupted, PipelineError, SlideError


def test_every_error_a_user_can_act_on_has_its_own_exit_status():
    kinds = PipelineError.__subclasses__()
    statuses = {kind: kind.exit_status for kind in kinds if kind.__module__ == "common.errors"}

    assert {kind.exit_status for kind in kinds} == {2, 3, 4, 75}
    assert statuses == {ConfigError: 2, SlideError: 3, ContractError: 4, Interrupted: 75}


def test_a_broken_contract_names_file_item_expected_found_and_what_to_do():
    error = ContractError(Path("a.h5"), "/coords", "(N, 2) int64", "nothing", "Extract it anew")

    assert str(error) == "a.h5: /coords: expected (N, 2) int64, found nothing. Extract it anew"
    assert (error.item, error.found) == ("/coords", "nothing")


def test_without_advice_a_message_has_no_full_stop():
    assert str(ContractError("a.h5", "split", "x", "y")) == "a.h5: split: expected x, found y"
