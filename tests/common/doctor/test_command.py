from __future__ import annotations

from common.doctor.command import result_of
from common.doctor.examination import Examination
from common.doctor.finding import failed


def test_an_examination_is_printed_and_ends_the_command_with_its_status():
    found = Examination("head", [failed("output", "full", "make room")])

    result = result_of(found)

    assert result.exit_status == 2
    assert result.text == found.text()
    assert result.data == found.data()
