from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from layer1_extract.phantom.planes import STEP
from layer1_extract.phantom.tissue import grow_tissue


@pytest.fixture(params=range(6))
def tissue(request):
    return grow_tissue(np.random.default_rng(request.param), 2048)


def test_tissue_covers_a_third_to_three_fifths_of_the_slide(tissue):
    assert 0.35 <= np.mean(tissue.depth.values > 0) <= 0.6


def test_tissue_is_one_or_two_pieces_without_crumbs(tissue):
    pieces, count = label(tissue.depth.values > 0)

    assert 1 <= count <= 2
    assert np.bincount(pieces.ravel())[1:].min() > 100


def test_depth_grows_by_a_pixel_per_pixel(tissue):
    steps = np.abs(np.diff(tissue.depth.values, axis=0))

    assert steps.max() < 1.5 * STEP
    assert np.median(steps) > 0.3 * STEP


def test_stroma_and_crowding_are_shares(tissue):
    for plane in (tissue.stroma, tissue.crowding):
        assert 0 <= plane.values.min() < plane.values.max() <= 1
