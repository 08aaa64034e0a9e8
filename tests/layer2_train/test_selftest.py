from __future__ import annotations

from dataclasses import replace

import pytest

from layer2_train.selftest import Report, selftest
from layer2_train.settings.distributed import DistributedSettings

GOOD = Report(
    rank=1,
    host="n1",
    patches=34,
    disjoint=True,
    equal_steps=True,
    equal_start=True,
    equal_end=True,
    ordered=True,
)


def test_one_process_passes_too(tmp_path):
    own, passed = selftest(DistributedSettings(), tmp_path)

    assert passed
    assert own.passed
    assert own.patches == 37
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_one_line_with_rank_and_host():
    assert GOOD.text() == "rank 1 on n1: 34 patches, passed"
    assert GOOD.data()["passed"] is True


@pytest.mark.parametrize("what", ["disjoint", "equal_steps", "equal_end", "ordered"])
def test_what_is_not_as_it_should_be_is_named(what):
    bad = replace(GOOD, **{what: False})

    assert not bad.passed
    assert bad.text().endswith(f"failed: {what}")
