from __future__ import annotations

import base64
import hashlib
import re

from layer3_infer.viewer.templates import asset, environment, number, standalone

VALUES = {
    "title": "t", "rows": [], "number_of_grave": 0, "missing": ["<b>"], "run": {}, "config": {},
    "model": {}, "evaluation": {}, "pictures": [], "predicted": False, "predictions_problem": "",
    "concepts": None, "concept_words": [], "concept_rows": [], "card": "", "software": "s",
    "evaluation_is_of_this_model": False, "metric_line": str,
}  # fmt: skip


def test_a_page_may_run_our_scripts_and_no_other():
    page = standalone("report/cohort.html", ["report/table.js"], ["viewer/page.css"], **VALUES)

    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    for tag, text in (("script", asset("report/table.js")), ("style", asset("viewer/page.css"))):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S)[1]
        assert inside == text
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy or digest in policy
    assert "unsafe" not in policy


def test_what_a_template_is_given_is_escaped():
    page = standalone("report/cohort.html", [], [], **VALUES)

    assert "&lt;b&gt;" in page
    assert environment().from_string("{{ a }}").render(a="<i>") == "&lt;i&gt;"


def test_our_scripts_and_styles_end_no_element():
    for name in ("viewer/viewer.js", "viewer/problem.js", "report/table.js", "viewer/page.css"):
        assert "</" not in asset(name)


def test_a_number_that_is_not_known_is_a_dash():
    assert number(None) == "–"  # noqa: RUF001
    assert number(0.12345) == "0.123"


def test_a_probability_reads_as_certain_only_where_it_is():
    shown = environment().from_string("{{ a|probability }}")

    assert shown.render(a=0.9999) == "&gt;0.999"
    assert shown.render(a=1.0) == "1.000"
    assert shown.render(a=None) == number(None)
