from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layer3_infer.explain.explanation import Explanation, share_for

MAPS = arrays(np.float32, (3, 3), elements=st.floats(-1000, 1000, width=32))


def explanation(raw, patch_size=4):
    return Explanation(
        method="grad_cam",
        target="tumor",
        raw=raw,
        patch=np.zeros((patch_size, patch_size, 3), np.uint8),
        slide_id="a",
        x=0,
        y=0,
        probability=0.5,
        label=-1,
    )


def test_a_map_cannot_be_changed():
    made = explanation(np.zeros((4, 4), np.float32))

    with pytest.raises(ValueError, match="read-only"):
        made.raw[0, 0] = 1


@pytest.mark.parametrize(
    "raw", [np.zeros((4, 4)), np.zeros((3, 3), np.float32), np.zeros(4, np.float32)]
)
def test_a_map_has_the_frame_of_its_patch(raw):
    with pytest.raises(ValueError, match="of the patch's size"):
        explanation(raw)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="raw must be finite"):
        explanation(np.full((4, 4), value, np.float32))


def test_what_speaks_against_is_kept_in_the_raw_map_and_nothing_in_the_share():
    raw = np.array([[4, 1], [0, -8]], np.float32)

    assert share_for(raw).tolist() == [[1, 0.25], [0, 0]]
    assert explanation(np.tile(raw, (2, 2))).attribution.max() == 1


@given(MAPS)
def test_a_share_is_from_0_to_1_and_does_not_depend_on_the_unit(raw):
    share = share_for(raw)

    assert share.dtype == np.float32
    assert ((share >= 0) & (share <= 1)).all()
    assert share.max() == (1 if raw.max() > 0 else 0)
    assert np.array_equal(share_for(4 * raw), share)
