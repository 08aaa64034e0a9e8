from __future__ import annotations

import csv
import logging

import pytest

from layer2_train.looks import looked, said


def test_looks_are_counted_once_a_question(tmp_path):
    path = tmp_path / "test_looks.csv"

    counts = [looked(path, "evaluate", question, ["s"]) for question in ("a", "b", "a", "c")]

    assert counts == [1, 2, 2, 3]
    lines = list(csv.DictReader(path.read_text().splitlines()))
    assert [(one["command"], one["question"]) for one in lines] == [
        ("evaluate", "a"),
        ("evaluate", "b"),
        ("evaluate", "c"),
    ]


def test_looks_at_other_test_sets_do_not_count(tmp_path):
    path = tmp_path / "test_looks.csv"
    sets = [["s", "t"], ["u"], ["t", "s"], ["s", "t", "u"], ["u"]]

    counts = [looked(path, "evaluate", f"q{n}", slides) for n, slides in enumerate(sets)]

    assert counts == [1, 1, 2, 1, 2]


def test_a_look_that_cannot_be_written_down_is_told_and_stops_nobody(tmp_path, caplog):
    (tmp_path / "file").write_text("")

    with caplog.at_level(logging.WARNING):
        count = looked(tmp_path / "file" / "test_looks.csv", "evaluate", "a", ["s"])

    assert count is None
    assert "could not be written down" in caplog.text
    assert said(count) == "how often is not known"


@pytest.mark.parametrize(
    "torn",
    [
        "time,command,question,test_set\n2026-01-01",
        "time,comm",
        "",
        "time,command,question\n1,2,3\n",
    ],
)
def test_a_torn_list_is_gone_on_with(tmp_path, torn):
    path = tmp_path / "test_looks.csv"
    path.write_text(torn)

    assert [looked(path, "train", question, ["s"]) for question in "aab"] == [1, 1, 2]
