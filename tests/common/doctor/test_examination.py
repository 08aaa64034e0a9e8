from __future__ import annotations

import json

from common.doctor.examination import Check, examine
from common.doctor.finding import failed, ok, warning
from common.errors import ConfigError


def breaks(error):
    def look():
        raise error

    return look


def test_a_check_that_breaks_does_not_hide_the_others():
    found = examine(
        "head",
        [
            Check("disk", breaks(OSError("no such device"))),
            Check("bug", breaks(KeyError("size"))),
            Check("library", breaks(ImportError("libz.so"))),
            Check("cohort", breaks(ConfigError("cohort.csv: line 1: no header"))),
            Check("memory", lambda: [ok("memory", "25 GB")]),
        ],
    )

    assert [finding.state for finding in found.findings] == ["failed"] * 4 + ["ok"]
    assert found.findings[0].said == "could not be looked at: OSError: no such device"
    assert "libz.so" in found.findings[2].said
    assert found.findings[3].said == "cohort.csv: line 1: no header"
    assert found.exit_status == 2


def test_each_finding_is_a_line_with_advice_below_what_is_not_well():
    found = examine(
        "layer1-extract doctor: camnet 1",
        [
            Check("memory", lambda: [ok("memory", "25 GB")]),
            Check("disk", lambda: [warning("output", "2 MB free", "make room")]),
            Check("x", lambda: [failed("GPU", "gone", "look for it")]),
        ],
    )

    *lines, last = found.text().splitlines()
    assert lines == [
        "layer1-extract doctor: camnet 1",
        "ok       memory  25 GB",
        "warning  output  2 MB free",
        "                 -> make room",
        "failed   GPU     gone",
        "                 -> look for it",
        "1 failed, 1 warning; what failed will stop the work",
    ]
    assert "look over them" in last


def test_a_script_is_told_the_same():
    found = examine("head", [Check("disk", lambda: [warning("output", "2 MB free", "make room")])])

    assert json.loads(json.dumps(found.data())) == {
        "examined": "head",
        "state": "warning",
        "findings": [
            {"name": "output", "state": "warning", "said": "2 MB free", "advice": "make room"}
        ],
    }
    assert found.exit_status == 0


def test_where_all_is_well_it_says_so():
    assert "all is well" in examine("head", [Check("m", lambda: [ok("m", "25 GB")])]).text()
