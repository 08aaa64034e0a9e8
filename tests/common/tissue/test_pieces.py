from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from common.tissue.pieces import at_rim, closed, count, grown, without_small

masks = arrays.arrays(bool, st.tuples(st.integers(1, 15), st.integers(1, 15)))


def drawn(text):
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def test_gaps_are_closed_but_nothing_is_drawn_to_the_edge():
    assert (closed(drawn(".##.##. " * 3), 1) == drawn(".##.##. .#####. .##.##.")).all()


def test_small_pieces_go_and_corners_join():
    mask = drawn("#.... .#... ....#")

    assert (without_small(mask, 2) == drawn("#.... .#... .....")).all()
    assert count(mask) == 2


def test_only_what_touches_the_edge_is_at_the_rim():
    assert (at_rim(drawn("..... .#..# .#..# .....")) == drawn("..... ....# ....# .....")).all()


def test_growing_takes_in_what_is_near():
    assert (grown(drawn("..... ..#.. ....."), 1) == drawn("..#.. .###. ..#..")).all()


@given(mask=masks, radius=st.integers(0, 4))
def test_closing_and_growing_keep_what_was_there(mask, radius):
    assert (closed(mask, radius) >= mask).all()
    assert (grown(mask, radius) >= mask).all()


@given(mask=masks)
def test_pieces_of_any_size_are_kept_where_none_is_too_small(mask):
    assert (without_small(mask, 1) == mask).all()
    assert (at_rim(mask) <= mask).all()


@pytest.mark.parametrize("full", [True, False])
def test_a_plane_of_one_kind_has_one_piece_or_none(full):
    assert count(np.full((3, 4), full)) == full
