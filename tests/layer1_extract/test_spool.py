from __future__ import annotations

import os

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract.candidates import Candidates
from layer1_extract.selection import Selected
from layer1_extract.spool import Spool

places = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), unique=True, max_size=150)


def step(xy):
    xy = np.array(xy, np.int64).reshape(-1, 2)
    zero = np.zeros(len(xy), np.float32)
    kept = Candidates(
        xy, zero.astype(np.int8), zero, zero, zero.astype(np.uint8), zero.astype(np.int32)
    )
    patches = np.repeat(xy.sum(axis=1).astype(np.uint8), 2 * 2 * 3).reshape(-1, 2, 2, 3)
    return Selected(kept, patches, kept.take(np.zeros(len(xy), bool)))


@given(xy=places, at=st.integers(0, 150))
def test_patches_come_back_by_row_then_by_column_each_with_its_pixels(tmp_path_factory, xy, at):
    with Spool(tmp_path_factory.getbasetemp(), 2) as spool:
        spool.add(step(xy[:at]))
        spool.add(step(xy[at:]))
        parts = list(spool.ordered())

    found = [tuple(place) for kept, _ in parts for place in kept.xy.tolist()]
    assert found == sorted(xy, key=lambda place: (place[1], place[0]))
    for kept, patches in parts:
        assert np.array_equal(patches[:, 0, 0, 0], kept.xy.sum(axis=1))


def test_the_waiting_pixels_have_no_name_on_disk(tmp_path):
    with Spool(tmp_path, 2) as spool:
        spool.add(step([(1, 2)]))

        assert os.listdir(tmp_path) == []
