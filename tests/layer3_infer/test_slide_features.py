from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.regions import find_regions
from layer3_infer.slide_features import OF_ALL, feature_names, slide_features

NAN = np.nan


def heatmap(values, stride=100, edge=100):
    values = np.array(values, np.float32)
    return Heatmap(Grid((0, 0), stride, edge, *values.shape), values)


def test_two_regions_are_counted_and_the_larger_is_measured():
    values = np.full((6, 8), 0.1)
    values[1, 1:4] = 0.6  # three in a row
    values[2, 1] = 0.8  # and a corner
    values[5, 7] = 0.95  # one elsewhere
    found = slide_features(heatmap(values), mpp=0.5, thresholds=[0.5, 0.9])

    assert found["regions_above_0.5"] == 2
    assert found["share_above_0.5"] == pytest.approx(5 / 48)
    assert found["largest_area_um2_above_0.5"] == pytest.approx(4 * 50**2)
    assert found["longest_um_above_0.5"] == pytest.approx(50 * np.hypot(3, 2))
    assert found["extent_above_0.5"] == pytest.approx(4 / 6)
    assert found["solidity_above_0.5"] == pytest.approx(4 / 5)
    assert found["mean_probability_above_0.5"] == pytest.approx(0.65)
    assert found["max_probability_above_0.5"] == pytest.approx(0.8)
    assert found["regions_above_0.9"] == 1
    assert found["max_probability_above_0.9"] == pytest.approx(0.95)
    assert found["maximum"] == pytest.approx(0.95)


def test_a_line_is_eccentric_and_a_square_is_not():
    line = slide_features(heatmap([[1, 1, 1, 1, 1, 1]]), 1.0, [0.5])
    square = slide_features(heatmap(np.ones((3, 3))), 1.0, [0.5])

    assert line["eccentricity_above_0.5"] == pytest.approx(np.sqrt(1 - 1 / 36))
    assert square["eccentricity_above_0.5"] == pytest.approx(0, abs=1e-6)
    assert square["solidity_above_0.5"] == square["extent_above_0.5"] == 1


def test_the_longest_region_need_not_be_the_largest():
    values = np.zeros((5, 9))
    values[0, :] = 0.9  # nine in a line
    values[2:5, 1:5] = 0.9  # twelve in a block

    found = slide_features(heatmap(values), 1.0, [0.5])

    assert found["largest_area_um2_above_0.5"] == 12 * 100**2
    assert found["longest_um_above_0.5"] == pytest.approx(100 * np.hypot(9, 1))


def test_what_nothing_reaches_is_nought():
    found = slide_features(heatmap([[0.2, NAN]]), 1.0, [0.5])

    assert {v for name, v in found.items() if name not in OF_ALL} == {0.0}
    assert found["maximum"] == pytest.approx(0.2)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 2)])
def test_a_slide_with_nothing_analysed_has_no_features(shape):
    found = slide_features(heatmap(np.full(shape, NAN)), 1.0, [0.5, 0.9])

    assert tuple(found) == feature_names([0.5, 0.9])
    assert np.isnan(list(found.values())).all()


def test_overlapping_patches_do_not_count_their_area_twice():
    found = slide_features(heatmap(np.ones((1, 2)), stride=50, edge=100), 1.0, [0.5])

    assert found["largest_area_um2_above_0.5"] == 2 * 50**2


def test_a_slide_that_is_all_tumour_takes_little_memory():
    whole = heatmap(np.ones((500, 500)))
    slide_features(whole, 1.0, [0.5])  # what is loaded once counts for nothing

    tracemalloc.start()
    slide_features(whole, 1.0, [0.5])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100 * whole.values.size  # bytes


VALUES = arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.sampled_from([NAN, 0.0, 0.25, 0.5, 0.75, 1.0]),
)


@given(VALUES)
def test_regions_are_those_of_the_geojson_and_shapes_those_of_another_calculation(values):
    made = heatmap(values)
    found = slide_features(made, mpp=0.5, thresholds=[0.5])
    if np.isnan(values).all():
        return
    regions = find_regions(made, 0.5, 0.5)
    labelled, count = ndimage.label(values >= 0.5)

    assert found["regions_above_0.5"] == count == len(regions)
    if count:
        assert found["largest_area_um2_above_0.5"] == max(one.area_um2 for one in regions)
        hulls = [corners(labelled == piece) for piece in range(1, count + 1)]
        assert found["longest_um_above_0.5"] == pytest.approx(50 * max(map(max, map(pdist, hulls))))
        cells = [int((labelled == piece).sum()) for piece in range(1, count + 1)]
        largest = int(np.argmax(cells))
        area = ConvexHull(hulls[largest]).volume
        assert found["solidity_above_0.5"] == pytest.approx(cells[largest] / area)


@given(VALUES, st.integers(1, 4), st.integers(1, 4))
def test_patches_not_analysed_change_nothing(values, rows, columns):
    bare = slide_features(heatmap(values), 0.5, [0.5, 0.75])
    framed = np.pad(values, ((rows, columns), (columns, rows)), constant_values=NAN)

    assert slide_features(heatmap(framed), 0.5, [0.5, 0.75]) == pytest.approx(bare, nan_ok=True)


def corners(piece):
    rows, columns = np.nonzero(piece)
    return np.concatenate(
        [np.stack([columns + x, rows + y], axis=1) for x in (0, 1) for y in (0, 1)]
    )
