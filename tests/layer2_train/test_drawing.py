from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from layer2_train.drawing import Drawing
from layer2_train.strata import Stratum


@st.composite
def drawings(draw, natural=False):
    """The drawing of rank 0; strata with at least a patch for each rank."""
    ranks = draw(st.integers(1, 4))
    counts = draw(st.lists(st.integers(ranks, 120), min_size=1, max_size=4))
    quotas = counts
    if not natural:
        quotas = draw(st.lists(st.integers(ranks, 300), min_size=len(counts), max_size=len(counts)))
    names = (f"of {number}" for number in range(len(counts)))
    return Drawing(
        tuple(map(Stratum, names, counts, quotas)),
        batch_size=draw(st.integers(1, 40)),
        window=draw(st.integers(2, 90)),
        block=draw(st.integers(1, 20)),
        seed=draw(st.integers(0, 3)),
        ranks=ranks,
    )


def whole(drawing, epoch=1):
    """All an epoch of one rank shows, with what fills up the last batch."""
    order = drawing.epoch(epoch)
    return np.concatenate([order.window(number) for number in range(drawing.windows)])


def of_ranks(drawing):
    return [replace(drawing, rank=rank) for rank in range(drawing.ranks)]


def one(count, quota=None, **changes):
    """Everything in one stratum, for one rank."""
    strata = (Stratum("patches", count, count if quota is None else quota),)
    given = {"batch_size": 8, "window": 64, "block": 4, "seed": 0, **changes}
    return Drawing(strata, **given)


@given(drawing=drawings(natural=True))
def test_ranks_show_disjoint_patches_and_together_every_one_once(drawing):
    shown = [whole(own)[: own.total] for own in of_ranks(drawing)]

    together = np.sort(np.concatenate(shown))
    assert np.array_equal(together, np.arange(sum(s.count for s in drawing.strata)))


@given(drawing=drawings())
def test_what_is_balanced_stays_disjoint_between_ranks(drawing):
    shown = [set(whole(own).tolist()) for own in of_ranks(drawing)]

    assert sum(map(len, shown)) == len(set().union(*shown))


@given(drawing=drawings())
def test_all_ranks_make_equally_many_whole_batches(drawing):
    lengths = {len(whole(own)) for own in of_ranks(drawing)}

    assert lengths == {drawing.steps * drawing.batch_size}


@given(drawing=drawings())
def test_every_stratum_is_shown_as_often_as_asked(drawing):
    shown = np.concatenate([whole(own)[: own.total] for own in of_ranks(drawing)])

    ends = np.cumsum([stratum.count for stratum in drawing.strata])
    found = np.bincount(np.searchsorted(ends, shown, side="right"), minlength=len(ends))
    assert found.tolist() == [stratum.quota for stratum in drawing.strata]


@given(drawing=drawings())
def test_patches_of_one_stratum_are_shown_almost_equally_often(drawing):
    for own in of_ranks(drawing):
        for begin, stratum, quota in zip(
            np.cumsum([0, *(s.count for s in own.strata)]), own.strata, own.quotas, strict=False
        ):
            shown = whole(own)[: own.total]
            inside = shown[(shown >= begin) & (shown < begin + stratum.count)]
            times = np.unique(inside, return_counts=True)[1]
            assert quota == 0 or times.max() - times.min() <= 1


@given(drawing=drawings())
def test_every_window_has_its_share_of_every_stratum(drawing):
    order = drawing.epoch(1)
    ends = np.cumsum([stratum.count for stratum in drawing.strata])

    for number in range(drawing.windows):
        own = order.window(number)
        if number == drawing.windows - 1:
            own = own[: drawing.total - drawing.begin(number)]
        found = np.bincount(np.searchsorted(ends, own, side="right"), minlength=len(ends))
        assert np.abs(found - np.array(drawing.quotas) / drawing.windows).max() <= 1


@given(drawing=drawings())
def test_a_window_is_as_large_as_asked_and_a_patch_of_each_stratum_at_most(drawing):
    order = drawing.epoch(1)

    sizes = [len(order.window(number)) for number in range(drawing.windows)]

    assert max(sizes) <= drawing.largest
    assert drawing.largest <= drawing.window + len(drawing.strata) + drawing.length - drawing.total


@given(drawing=drawings())
def test_the_last_batch_is_filled_up_from_the_head(drawing):
    shown = whole(drawing)

    head = np.resize(shown[: drawing.total], drawing.length - drawing.total)
    assert np.array_equal(shown[drawing.total :], head)


@given(drawing=drawings(), data=st.data())
def test_an_order_taken_up_anywhere_is_the_tail_of_the_whole(drawing, data):
    place = data.draw(st.integers(0, drawing.length - 1))

    order, first = drawing.epoch(1), drawing.window_at(place)
    tail = np.concatenate([order.window(number) for number in range(first, drawing.windows)])

    assert drawing.begin(first) <= place
    assert np.array_equal(tail[place - drawing.begin(first) :], whole(drawing)[place:])


def test_the_order_depends_on_seed_epoch_and_rank_only():
    drawing = one(200, ranks=2)
    others = [replace(drawing, seed=seed, rank=rank) for seed in range(3) for rank in range(2)]

    orders = {tuple(whole(other, epoch).tolist()) for other in others for epoch in range(3)}

    assert len(orders) == 18
    assert np.array_equal(whole(replace(drawing), 2), whole(drawing, 2))


def test_ranks_keep_their_patches_from_epoch_to_epoch():
    drawing = one(1000, ranks=3)

    assert set(whole(drawing, 1).tolist()) == set(whole(drawing, 2).tolist())


def test_blocks_of_neighbours_are_read_together():
    drawing = one(10_000, window=200, block=20)

    window = np.sort(drawing.epoch(1).window(3))

    assert np.count_nonzero(np.diff(window) != 1) + 1 <= 200 // 20 + 1


def test_a_set_no_larger_than_a_window_is_shuffled_wholly():
    shown = whole(one(64, window=64, block=32))

    assert abs(np.corrcoef(np.arange(64), shown)[0, 1]) < 0.35
    assert np.count_nonzero(np.abs(np.diff(shown)) == 1) < 10


def test_place_in_the_epoch_tells_nothing_of_place_in_the_files():
    shown = whole(one(20_000, window=1000, block=20))

    assert abs(np.corrcoef(np.arange(len(shown)), shown)[0, 1]) < 0.1  # 3 standard deviations
    halves = shown.reshape(-1, 1000).mean(axis=1) / len(shown)
    assert np.abs(halves - 0.5).max() < 0.2  # every window spreads over all files
    assert np.count_nonzero(np.abs(np.diff(shown)) == 1) < 0.01 * len(shown)


@pytest.mark.parametrize(("count", "quota"), [(20, 10), (100, 30), (1000, 100)])
def test_over_the_epochs_a_part_is_drawn_from_everywhere(count, quota):
    drawing = one(count, quota, block=32)

    shown = np.concatenate([whole(drawing, epoch)[: drawing.total] for epoch in range(300)])

    expected = 300 * quota / count
    times = np.bincount(shown, minlength=count)
    assert np.abs(times - expected).max() < 6 * np.sqrt(expected)


def test_a_stratum_with_fewer_patches_than_ranks_is_refused():
    strata = (Stratum("normal patches", 50, 25), Stratum("tumor patches", 3, 25))

    with pytest.raises(ConfigError, match="at least 4 tumor patches, one for each rank, found 3"):
        Drawing(strata, batch_size=8, window=64, block=4, seed=0, ranks=4)


def test_43_million_patches_are_drawn_with_a_number_for_each_block():
    drawing = one(43_000_000, batch_size=256, window=2048, block=32)

    tracemalloc.start()
    last = drawing.epoch(1).window(drawing.windows - 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert drawing.steps == 167_969
    assert len(last) <= drawing.largest
    assert peak < 43_000_000 / 2  # bytes: half of one for each patch
