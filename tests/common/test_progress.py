from __future__ import annotations

import sys

from common.progress import progress


def test_every_item_passes_and_the_bar_stays_off_standard_output(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(progress([1, 2, 3], "count")) == [1, 2, 3]

    said = capsys.readouterr()
    assert said.out == ""
    assert "3/3" in said.err


def test_a_bar_without_items_is_moved_by_hand(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress(None, "import", total=10, unit="patch") as bar:
        bar.update(10)

    said = capsys.readouterr().err
    assert "10/10" in said
    assert " patches/s" in said


def test_what_is_over_at_once_leaves_no_line_in_a_log(capsys):
    assert list(progress([1, 2, 3], "count")) == [1, 2, 3]

    assert capsys.readouterr().err == ""
