from __future__ import annotations

import numpy as np
import pytest

from common.geometry import Box
from layer1_extract.phantom.artefacts import INKS, Pen, fold_tissue, mark_with_pen
from layer1_extract.phantom.planes import Plane
from layer1_extract.phantom.tissue import grow_tissue

SIZE = 2048


@pytest.fixture(params=range(4))
def rng(request):
    return np.random.default_rng(request.param)


def test_a_fold_is_a_narrow_band_in_tissue(rng):
    depth = grow_tissue(rng, SIZE).depth

    band = fold_tissue(rng, depth, SIZE).band.values

    assert 0 < np.mean(band > 0.5) < 0.05
    assert np.mean(depth.values[band > 0.5] > 0) > 0.5
    assert (band.min(), band.max()) == (0, 1)


def test_a_stroke_runs_over_glass_and_over_tissue(rng):
    depth = grow_tissue(rng, SIZE).depth

    pen = mark_with_pen(rng, depth, SIZE)

    inked = pen.stroke.values > 0.5
    assert pen.ink in INKS
    assert 0.1 < np.mean(depth.values[inked] > 0) < 0.9


def test_ink_absorbs_by_its_thickness_and_only_where_it_is():
    stroke = np.zeros((16, 16), np.float32)
    stroke[:8] = 2
    pen = Pen(Plane(stroke), (1.0, 0.5, 0.25))

    assert pen.on(Box(0, 0, 8, 8))[0, 0].tolist() == [2, 1, 0.5]
    assert pen.on(Box(0, 100, 8, 8)) is None
