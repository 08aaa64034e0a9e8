from __future__ import annotations

import pytest

from common.doctor.finding import Finding, failed, ok, warning, worst


def test_advice_is_for_what_is_not_well():
    with pytest.raises(ValueError, match="advice"):
        Finding("disk", "failed", "full")
    with pytest.raises(ValueError, match="advice"):
        Finding("disk", "ok", "has room", "make room")


def test_the_worst_finding_decides():
    well, odd, bad = ok("a", "fine"), warning("b", "odd", "look"), failed("c", "bad", "mend")

    assert worst([]) == "ok"
    assert worst([well, odd]) == "warning"
    assert worst([odd, bad, well]) == "failed"
