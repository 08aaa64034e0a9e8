from __future__ import annotations

import signal
import time

import pytest

from common.cohort import SlideEntry
from common.staging import Scratch, copied_ahead, staged
from common.staging.copying import copied


@pytest.fixture
def slides(tmp_path):
    paths = [tmp_path / f"{number}.svs" for number in range(5)]
    for path in paths:
        path.write_text(path.name)
    return [SlideEntry(path.stem, path) for path in paths]


@pytest.fixture
def copies():
    return []


@pytest.fixture
def scratch(tmp_path, copies):
    def copy(source, target):
        copies.append(source.stem)
        return copied(source, target)

    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch", copy)


def become(expected, found):
    """Wait for it; then give it a moment to become more."""
    until = time.monotonic() + 10
    while found() != expected and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(0.03)
    assert found() == expected


def test_one_more_than_are_worked_on_is_copied_and_each_once(scratch, slides, copies):
    with copied_ahead(scratch, slides, at_once=1) as ended:
        for number, entry in enumerate(slides):
            with staged(scratch, entry) as copy:
                assert copy.entry.path != entry.path
                expected = [other.slide_id for other in slides[: number + 2]]
                become(expected, lambda: sorted(copies))
            ended(entry.slide_id)

    assert list(scratch.folder.iterdir()) == []


def test_a_copy_stays_until_the_last_part_of_its_slide_has_ended(scratch, slides, copies):
    entries = [slides[0], slides[0], slides[0]]
    with copied_ahead(scratch, entries, at_once=1) as ended:
        become(["0"], lambda: copies)
        for entry in entries:
            with staged(scratch, entry):
                pass
            ended(entry.slide_id)

    assert copies == ["0"]


def test_a_slide_that_cannot_be_copied_does_not_stop_the_others(scratch, slides, copies):
    slides[0].path.unlink()
    with copied_ahead(scratch, slides, at_once=1):
        become(["1"], lambda: copies)


def test_a_run_that_is_interrupted_ends_the_copying_without_a_word(
    scratch, slides, copies, monkeypatch
):
    """A thread that ends by an error fails a test here."""
    monkeypatch.setattr("common.stopping._heard", [(signal.SIGINT, 0.0)])
    with copied_ahead(scratch, slides, at_once=1):
        become([], lambda: copies)

    assert list(scratch.folder.iterdir()) == []


def test_leaving_early_leaves_nothing(scratch, slides):
    with copied_ahead(scratch, slides, at_once=3):
        pass

    assert list(scratch.folder.iterdir()) == []


def test_without_scratch_nothing_is_done(slides):
    with copied_ahead(None, slides, at_once=1) as ended:
        ended("0")
