from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from common.geometry import Pyramid
from common.patches import PatchSpec
from common.tissue import TissueMask
from layer1_extract.sampling.random import distance_on, generator, propose_random

masks = arrays.arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20)))


def proposed(tissue, size=8, seed=0, min_distance=0):
    rows, columns = tissue.shape
    slide = Pyramid(((columns * 16, rows * 16),), mpp=0.5)
    mask = TissueMask(tissue, slide.width, slide.height)
    return slide, propose_random(
        mask, slide, PatchSpec(size, 0.5), generator(seed, "s"), min_distance=min_distance
    )


@given(tissue=masks, size=st.integers(1, 40))
def test_every_patch_lies_in_the_slide_and_none_comes_twice(tissue, size):
    slide, xy = proposed(tissue, size)

    assert np.all(xy >= 0)
    assert np.all(xy + size <= (slide.width, slide.height))
    assert len(np.unique(xy, axis=0)) == len(xy)


@given(tissue=masks)
def test_all_the_tissue_is_proposed_and_nothing_else(tissue):
    _, xy = proposed(tissue, size=1)

    cells = {(int(y) // 16, int(x) // 16) for x, y in np.clip(xy, 0, None)}
    near = {tuple(cell) for cell in np.argwhere(tissue).tolist()}
    assert len(xy) == tissue.sum()
    assert all(min(abs(r - a) + abs(c - b) for a, b in near) <= 1 for r, c in cells)


def test_the_order_follows_from_seed_and_slide_alone():
    tissue = np.ones((20, 20), bool)
    one, same, other = (proposed(tissue, seed=seed)[1] for seed in (3, 3, 4))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert generator(0, "a").integers(1 << 60) != generator(0, "b").integers(1 << 60)


@given(tissue=masks, distance=st.integers(0, 100))
def test_no_two_proposals_are_nearer_than_the_least_distance(tissue, distance):
    _, every = proposed(tissue)
    _, thin = proposed(tissue, min_distance=distance)

    away = ((thin[:, None] - thin[None]) ** 2).sum(axis=2)
    assert (away[~np.eye(len(thin), dtype=bool)] >= distance**2).all()
    assert thin.tolist() == [xy for xy in every.tolist() if xy in thin.tolist()]
    assert np.array_equal(thin[:1], every[:1])


@given(um=st.floats(0, 5000), mpp=st.floats(0.05, 10))
def test_a_distance_in_um_is_never_cut_short_by_more_than_rounding(um, mpp):
    px = distance_on(Pyramid(((10, 10),), mpp=mpp), um)

    assert um / mpp - 1e-3 <= px < um / mpp + 1


def test_without_a_distance_nothing_is_dropped():
    assert distance_on(Pyramid(((10, 10),), mpp=0.25), 0.0) == 0
