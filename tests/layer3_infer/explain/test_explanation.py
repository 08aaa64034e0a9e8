from __future__ import annotations

import numpy as np
import pytest

from layer3_infer.explain.explanation import Explanation


def explanation(attribution, patch_size=4):
    return Explanation(
        method="grad_cam",
        target="tumor",
        attribution=attribution,
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
        made.attribution[0, 0] = 1


@pytest.mark.parametrize(
    "attribution", [np.zeros((4, 4)), np.zeros((3, 3), np.float32), np.zeros(4, np.float32)]
)
def test_a_map_has_the_frame_of_its_patch(attribution):
    with pytest.raises(ValueError, match="of the patch's size"):
        explanation(attribution)


@pytest.mark.parametrize("value", [-0.1, 1.5, np.nan])
def test_what_is_no_share_is_refused(value):
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        explanation(np.full((4, 4), value, np.float32))
