from __future__ import annotations

import pytest

from common.cohort import SlideEntry
from common.errors import ContractError
from common.outcomes import Outcome, write_outcome
from layer1_extract.gaps import failed_slides, refuse_gaps, refuse_many_failed
from layer1_extract.status import UnitState


def failed(*names):
    return [UnitState(name, "failed", said=f"{name}.tif: broken") for name in names]


def done(*names):
    return [UnitState(name, "empty") for name in names]


def test_a_folder_that_holds_all_is_let_pass(tmp_path):
    refuse_gaps(tmp_path, done("a"), {}, {})


def test_a_slide_out_of_reach_is_named_with_its_host_and_what_to_do(tmp_path):
    away = UnitState("far", "out_of_reach", said="host node7: far.tif: no file")

    with pytest.raises(ContractError, match="is not mounted or not readable on that host") as found:
        refuse_gaps(tmp_path, [away, *failed("bad")], {}, {})

    said = str(found.value)
    assert "found 1 that are not:\n  far is out of reach (host node7: far.tif: no file)" in said
    assert "bad failed: bad.tif: broken" in said


def test_what_is_left_to_do_of_a_slide_that_failed_is_no_gap_unless_it_is_at_work(tmp_path):
    names = [f"a.part-{part}-of-3" for part in range(3)]
    other = [UnitState(names[1], "missing"), UnitState(names[2], "out_of_reach")]

    refuse_gaps(tmp_path, [*failed(names[0]), *other], {}, {})
    with pytest.raises(ContractError, match="a.part-1-of-3 is running"):
        refuse_gaps(tmp_path, [*failed(names[0]), UnitState(names[1], "running")], {}, {})


def test_results_of_which_the_cohort_says_otherwise_are_named(tmp_path):
    outcome = Outcome("a", "done", inputs={"slide_label": "negative", "level0_mpp": "0.25"})
    write_outcome(tmp_path, outcome)
    entry = SlideEntry("a", tmp_path / "a.tif", slide_label="macro", mpp=0.5)

    with pytest.raises(ContractError, match="a is of another slide_label and mpp than now"):
        refuse_gaps(tmp_path, [UnitState("a", "done", outcome)], {}, {"a": [entry]})


def test_no_more_slides_may_fail_than_the_share_of_all_that_is_given(tmp_path):
    states = [*failed("a", "b"), *done("c", "d", "e")]

    refuse_many_failed(tmp_path, states, 0.4)
    with pytest.raises(ContractError, match="at most 39% of 5 slides to have failed") as found:
        refuse_many_failed(tmp_path, states, 0.39)

    said = str(found.value)
    assert "b failed: b.tif: broken" in said
    assert "Mend them and run layer1-extract extract again" in said


def test_parts_that_failed_are_one_slide(tmp_path):
    states = failed("a.part-0-of-2", "a.part-1-of-2")

    refuse_many_failed(tmp_path, states, 0)

    assert failed_slides(states) == {"a"}
