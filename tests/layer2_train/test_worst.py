from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.config import with_values
from common.errors import ConfigError
from layer2_train.settings.mining import MineSettings
from layer2_train.worst import Answered, Worst

SLIDE_OF = np.array([0, 0, 1, 2])
ALL = MineSettings(keep=10_000)


def answered(patches):
    """From (probability, file, row) of each."""
    probability, file, row = zip(*patches, strict=True) if patches else ((), (), ())
    return Answered(np.array(probability, np.float32), np.array(file, int), np.array(row, int))


def taken(settings, *batches):
    worst = Worst(settings, SLIDE_OF)
    for batch in batches:
        worst.add(answered(batch))
    found = worst.found()
    columns = (found.probability.tolist(), found.file.tolist(), found.row.tolist())
    return list(zip(*columns, strict=True))


def test_the_highest_are_kept_worst_first():
    patches = [(0.25, 0, 0), (0.75, 1, 3), (0.5, 2, 1)]

    assert taken(MineSettings(keep=2), patches) == [(0.75, 1, 3), (0.5, 2, 1)]


def test_a_threshold_takes_what_reaches_it():
    patches = [(0.25, 0, 0), (0.5, 0, 1), (0.75, 3, 0)]

    found = taken(MineSettings(keep=None, threshold=0.5), patches)

    assert found == [(0.75, 3, 0), (0.5, 0, 1)]


def test_parts_of_a_slide_share_its_limit():
    patches = [(0.9, 0, 0), (0.8, 1, 0), (0.7, 1, 1), (0.2, 2, 0)]

    found = taken(MineSettings(per_slide=2), patches)

    assert [(file, row) for _, file, row in found] == [(0, 0), (1, 0), (2, 0)]


def test_of_equals_the_first_are_kept():
    patches = [(0.5, 2, 1), (0.5, 0, 7), (0.5, 0, 2)]

    assert [p[1:] for p in taken(MineSettings(keep=2), patches)] == [(0, 2), (0, 7)]


def test_nothing_is_taken_of_nothing():
    assert taken(ALL) == []
    assert taken(ALL, []) == []


def test_some_limit_must_be_set():
    with pytest.raises(ConfigError, match="all of them are null"):
        with_values(MineSettings(), {"keep": None})


@st.composite
def searches(draw):
    """Limits, and patches with few different probabilities."""
    limit = st.none() | st.integers(1, 6)
    settings = MineSettings(
        keep=draw(st.integers(1, 6)),
        per_slide=draw(limit),
        threshold=draw(st.none() | st.just(0.5)),
    )
    places = draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=30))
    return settings, [(draw(st.integers(0, 4)) / 4, *place) for place in sorted(places)]


@given(search=searches(), cut=st.integers(1, 7))
def test_the_same_are_taken_however_they_were_batched(search, cut, monkeypatch_waiting):
    settings, patches = search

    at_once = taken(settings, patches)
    cut_up = taken(settings, *(patches[at : at + cut] for at in range(0, len(patches), cut)))

    assert at_once == cut_up


@pytest.fixture(scope="module")
def monkeypatch_waiting():
    """Thin out after every few patches, as after tens of thousands."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("layer2_train.worst._WAITING", 3)
        yield
