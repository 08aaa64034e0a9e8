from __future__ import annotations

import sys
import threading

import pytest

from common.progress import live, progress


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


def test_a_live_bar_ends_at_what_was_reached(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    reached = [0.0]

    with live("extract", lambda: (reached[0], f"{reached[0]:.0%} of it")):
        reached[0] = 0.5

    said = capsys.readouterr().err
    assert "extract:  50%" in said
    assert "50% of it" in said


def test_a_live_bar_ends_with_the_work_that_fails(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with pytest.raises(ZeroDivisionError), live("extract", lambda: (2.0, "all")):
        raise ZeroDivisionError

    assert "100%" in capsys.readouterr().err
    assert not [thread for thread in threading.enumerate() if "follow" in thread.name]
