from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heatmap_headers import HEADER

from layer3_infer.answer_store import AnswerStore, begun_in

XY = np.arange(20, dtype=np.int64).reshape(10, 2)


def scores(*values):
    return np.array(values, np.float32)


def rows(*values):
    return np.array(values, np.int64)


@pytest.fixture
def store(tmp_path):
    return AnswerStore.of(tmp_path / "unfinished", HEADER, XY)


def test_answers_of_several_tasks_are_known_to_each(store, tmp_path):
    store.add(rows(0, 3), scores(0.5, 0.25))
    AnswerStore.of(tmp_path / "unfinished", HEADER, XY).add(rows(9), scores(1.0))

    known = store.known(10)

    assert known[[0, 3, 9]].tolist() == [0.5, 0.25, 1.0]
    assert np.isnan(known).sum() == 7


def test_no_answers_leave_no_file(store):
    store.add(rows(), scores())

    assert not store.folder.exists()
    assert np.isnan(store.known(10)).all()


@pytest.mark.parametrize(
    ("header", "xy"),
    [
        (replace(HEADER, model_sha256="0" * 64), XY),
        (replace(HEADER, config_sha256="0" * 64), XY),
        (replace(HEADER, slide_id="other"), XY),
        (HEADER, XY + 1),
    ],
)
def test_answers_to_another_question_are_not_seen(store, header, xy):
    store.add(rows(0), scores(0.5))

    assert np.isnan(AnswerStore.of(store.folder, header, xy).known(10)).all()


def test_another_version_of_the_software_goes_on(store):
    store.add(rows(0), scores(0.5))

    other = AnswerStore.of(store.folder, replace(HEADER, software="camnet 9"), XY)

    assert other.known(10)[0] == 0.5


def test_a_damaged_file_is_left_out(store):
    store.add(rows(0), scores(0.5))
    store.add(rows(1), scores(0.5))
    first, _ = sorted(store.folder.iterdir())
    first.write_bytes(first.read_bytes()[:-3])

    assert np.isnan(store.known(10)).sum() == 9


def test_what_cannot_be_an_answer_is_none(store):
    store.add(rows(-1, 10, 2, 3), scores(0.5, 0.5, 1.5, np.nan))

    assert np.isnan(store.known(10)).all()


def test_only_what_is_kept_of_the_slide_is_removed(store, tmp_path):
    other = AnswerStore.of(store.folder, replace(HEADER, slide_id=HEADER.slide_id + ".2"), XY)
    store.add(rows(0), scores(0.5))
    other.add(rows(0), scores(0.5))
    AnswerStore.of(store.folder, HEADER, XY + 1).add(rows(0), scores(0.5))

    store.clear()

    assert [path.name.split(".")[:2] for path in store.folder.iterdir()] == [
        f"{HEADER.slide_id}.2".split(".")[:2]
    ]
    assert other.known(10)[0] == 0.5


def test_what_is_begun_is_told_without_reading_it(store):
    store.add(rows(*range(7)), scores(*[0.5] * 7))
    last = store.add(rows(8, 9), scores(0.5, 0.5))

    (begun,) = begun_in(store.folder).items()

    assert begun[0] == HEADER.slide_id
    assert (begun[1].patches, begun[1].heard) == (9, last.stat().st_mtime)
    assert begun_in(store.folder / "none") == {}
