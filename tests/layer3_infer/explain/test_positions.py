from __future__ import annotations

import numpy as np
import pytest

from common.preprocessing import Preprocessing
from layer3_infer.explain.positions import averaged

PATCH = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)
"""Nowhere alike: no turn and no mirror image of it is itself."""


@pytest.mark.parametrize("orientations", [1, 4, 8])
def test_maps_come_back_into_the_frame_of_the_patch(orientations):
    preprocessing = Preprocessing(orientations=orientations)
    shown = []

    def red(patch):
        shown.append(patch.tobytes())
        return patch[..., 0].astype(np.float32)

    found = averaged(PATCH, preprocessing, red)

    assert len(set(shown)) == orientations
    assert found.dtype == np.float32
    assert np.array_equal(found, PATCH[..., 0])


def test_what_depends_on_the_position_is_averaged():
    corner = np.zeros((5, 5), np.float32)
    corner[0, 0] = 1

    one, four = (
        averaged(PATCH, Preprocessing(orientations=count), lambda _: corner) for count in (1, 4)
    )

    assert np.array_equal(one, corner)
    assert four[[0, 0, -1, -1], [0, -1, 0, -1]].tolist() == [0.25] * 4
    assert four.sum() == 1
