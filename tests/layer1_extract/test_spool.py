from __future__ import annotations

import os

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract.candidates import Candidates
from layer1_extract.spool import Spool

places = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), unique=True, max_size=150)


def parked(xy):
    xy = np.array(xy, np.int64).reshape(-1, 2)
    zero = np.zeros(len(xy), np.float32)
    kept = Candidates(
        xy, zero.astype(np.int8), zero, zero, zero.astype(np.uint8), zero.astype(np.int32)
    )
    patches = np.repeat(xy.sum(axis=1).astype(np.uint8), 2 * 2 * 3).reshape(-1, 2, 2, 3)
    return kept, patches


@given(xy=places, at=st.integers(0, 150))
def test_patches_come_back_by_row_then_by_column_each_with_its_pixels(tmp_path_factory, xy, at):
    with Spool(tmp_path_factory.getbasetemp(), 2) as spool:
        spool.add(*parked(xy[:at]))
        spool.add(*parked(xy[at:]))
        parts = list(spool.ordered())

    found = [tuple(place) for kept, _ in parts for place in kept.xy.tolist()]
    assert found == sorted(xy, key=lambda place: (place[1], place[0]))
    for kept, patches in parts:
        assert np.array_equal(patches[:, 0, 0, 0], kept.xy.sum(axis=1))


def test_the_waiting_pixels_have_no_name_on_disk(tmp_path):
    with Spool(tmp_path, 2) as spool:
        spool.add(*parked([(1, 2)]))

        assert os.listdir(tmp_path) == []


@given(xy=places)
def test_encoded_patches_of_any_length_come_back_as_they_were(tmp_path_factory, xy):
    kept, _ = parked(xy)
    files = [np.arange(1 + x + y, dtype=np.uint8) for x, y in xy]
    with Spool(tmp_path_factory.getbasetemp(), 2) as spool:
        spool.add(kept, files)
        parts = list(spool.ordered())

    for some, stored in parts:
        assert [len(file) for file in stored] == (1 + some.xy.sum(axis=1)).tolist()


def test_locations_alone_come_back_without_pixels(tmp_path):
    with Spool(tmp_path, 2) as spool:
        spool.add(parked([(1, 2)])[0], None)

        assert [stored for _, stored in spool.ordered()] == [None]
