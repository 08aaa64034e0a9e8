from __future__ import annotations

import pytest

from common.errors import ContractError
from common.failures import refuse_many_failed, slides_of, status_without_failed
from common.outcomes import Outcome


def failed(*names):
    return {name: f"{name}.tif: broken" for name in names}


@pytest.mark.parametrize(
    ("bad", "share", "refused"),
    [("a", 0, False), ("ab", 0.4, False), ("ab", 0.39, True), ("ab", 0, True), ("ab", 1, False)],
)
def test_no_more_slides_may_fail_than_the_share_given_but_one_always_may(
    bad, share, refused, tmp_path
):
    if refused:
        with pytest.raises(ContractError, match=r"of 5 slides .*, found 2 that did:") as found:
            refuse_many_failed(tmp_path, failed(*bad), 5, share, "layer9 do")
        assert "a failed: a.tif: broken" in str(found.value)
        assert "Mend them and run layer9 do again" in str(found.value)
    else:
        refuse_many_failed(tmp_path, failed(*bad), 5, share, "layer9 do")


def test_a_small_share_is_told_as_it_was_given(tmp_path):
    with pytest.raises(ContractError, match=r"at most 0.5% of 200 slides"):
        refuse_many_failed(tmp_path, failed("a", "b"), 200, 0.005, "layer9 do")


def test_parts_that_failed_are_one_slide(tmp_path):
    names = ("a.part-0-of-2", "a.part-1-of-2")

    refuse_many_failed(tmp_path, failed(*names), 1, 0, "layer9 do")

    assert slides_of(names) == {"a"}


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_slides_that_failed_end_what_goes_on_without_them_with_3(status):
    done = [Outcome("a", "done"), Outcome("b", "empty")]

    assert status_without_failed(done) == 0
    assert status_without_failed([*done, Outcome("c", "failed", exit_status=status)]) == 3
