from __future__ import annotations

import numpy as np
import pytest
from heatmap_headers import HEADER

from common.cohort import SlideEntry
from common.errors import SlideError
from common.outcomes import Held
from common.stain import Unchanged
from common.units import Unit
from layer3_infer.answer_store import AnswerStore
from layer3_infer.slide_work import Prepared, SlideWork

XY = np.arange(20, dtype=np.int64).reshape(10, 2)
ROWS = np.array([1, 4, 5, 8], np.int64)


@pytest.fixture
def store(tmp_path):
    return AnswerStore.of(tmp_path, HEADER, XY)


@pytest.fixture
def work(store, tmp_path):
    prepared = Prepared(None, None, Unchanged(), store, ROWS, None)
    return SlideWork(Unit(SlideEntry("a", tmp_path / "a.tif")), Held(prepared))


def answers(*values):
    return Held(np.array(values, np.float32))


def test_a_unit_is_over_when_every_patch_is_answered(work):
    work.take(answers(0.1, 0.2, 0.3))
    before = work.over
    work.take(answers(0.4))

    assert (before, work.over) == (False, True)
    assert work.scores.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_a_unit_without_patches_is_over(store, work):
    work.prepared = Held(Prepared(None, None, Unchanged(), store, ROWS[:0], None))

    assert work.over
    assert len(work.scores) == 0


def test_what_is_kept_on_disk_is_at_the_rows_of_the_slide(store, work):
    work.take(answers(0.5, 0.25))
    work.save()
    work.save()
    work.take(answers(0.75))
    work.save()

    assert store.known(10)[[1, 4, 5]].tolist() == [0.5, 0.25, 0.75]
    assert np.isnan(store.known(10)).sum() == 7
    assert len(list(store.folder.iterdir())) == 2


def test_answers_that_may_be_wrong_are_removed_and_those_of_others_stay(store, work):
    store.add(ROWS[3:], np.array([0.125], np.float32))
    work.take(answers(0.5))
    work.save()
    work.take(answers(0.25))
    work.save()
    work.take(answers(0.75))
    work.disown()
    work.save()

    assert store.known(10)[8] == 0.125
    assert np.isnan(store.known(10)).sum() == 9


def test_answers_are_kept_while_the_work_goes_on(store, work):
    work.save_s = 0.0

    work.take(answers(0.5))

    assert store.known(10)[1] == 0.5


def test_the_time_of_a_unit_is_that_of_preparing_it_and_that_since_its_turn(work):
    work.preparing_s, work._began = 5.0, work._began - 100

    before = work.seconds
    work.begin()

    assert before > 105
    assert 5 <= work.seconds < 100


def test_an_error_ends_the_unit_and_keeps_what_was_answered(store, work):
    work.take(answers(0.5))

    work.take(Held(error=SlideError("a.tif: damaged")))
    work.take(answers(0.9))

    assert work.over
    assert work.given_up
    assert store.known(10)[1] == 0.5
    assert np.isnan(store.known(10)).sum() == 9
    with pytest.raises(SlideError, match="damaged"):
        work.prepared()
