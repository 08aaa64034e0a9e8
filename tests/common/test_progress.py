from __future__ import annotations

import sys

import pytest

from common.progress import progress


@pytest.fixture(autouse=True)
def terminal(monkeypatch, capsys):
    """A standard error that says it is a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def test_every_item_passes_and_the_bar_stays_off_standard_output(capsys):
    assert list(progress([1, 2, 3], "count")) == [1, 2, 3]

    said = capsys.readouterr()
    assert said.out == ""
    assert "3/3" in said.err


def test_a_bar_without_items_is_moved_by_hand(capsys):
    with progress(None, "import", total=10, unit="patch") as bar:
        bar.update(10)

    said = capsys.readouterr().err
    assert "10/10" in said
    assert " patches/s" in said
