from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from common.grid import Grid
from layer3_infer.evaluation.detections import Detections, find_detections
from layer3_infer.heatmap import Heatmap

MPP = 0.5
STRIDE = 32


def heatmap(values, stride=STRIDE, edge=STRIDE, origin=(0, 0)):
    values = np.asarray(values, dtype=np.float32)
    return Heatmap(Grid(origin, stride, edge, *values.shape), values)


def by_force(values, radius, least):
    """Peaks as (row, column), by looking at every patch that is left, again and again."""
    left = {
        place: float(value)
        for place, value in np.ndenumerate(values)
        if not np.isnan(value) and value >= least and value > 0
    }
    peaks = []
    while left:
        peak = min(left, key=lambda place: (-left[place], place))
        peaks.append(peak)
        left = {
            place: value
            for place, value in left.items()
            if (place[0] - peak[0]) ** 2 + (place[1] - peak[1]) ** 2 > radius**2
        }
    return peaks


few = st.one_of(st.just(np.nan), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]))


@settings(deadline=None, max_examples=60)
@given(
    arrays(
        np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=few.map(np.float32)
    ),
    st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.7]),
    st.sampled_from([0.0, 0.2, 0.5]),
)
def test_detections_are_the_peaks_that_no_higher_peak_is_near(values, radius, least):
    made = heatmap(values, origin=(7, 9))

    found = find_detections(made, MPP, radius * STRIDE * MPP, least)

    expected = by_force(values, radius, least)
    assert found.xy.tolist() == [
        [7 + STRIDE * column + 16, 9 + STRIDE * row + 16] for row, column in expected
    ]
    assert found.probability == pytest.approx([values[place] for place in expected])


def test_a_higher_least_probability_only_leaves_out_the_last():
    values = np.random.default_rng(0).random((20, 20), dtype=np.float32)

    some, all_ = (find_detections(heatmap(values), MPP, 40, least) for least in (0.5, 0.1))

    assert len(some.xy) < len(all_.xy)
    assert (all_.xy[: len(some.xy)] == some.xy).all()


def test_equal_probabilities_are_taken_by_row_then_by_column():
    found = find_detections(heatmap(np.full((1, 5), 0.5)), MPP, STRIDE * MPP, 0.5)

    assert found.xy[:, 0].tolist() == [16, 80, 144]


def test_a_place_is_the_middle_of_its_patch_where_patches_overlap():
    found = find_detections(heatmap([[0.2, 0.9]], stride=8, edge=32), MPP, 100, 0.1)

    assert found.xy.tolist() == [[8 + 16, 16]]


@pytest.mark.parametrize("values", [[[np.nan]], [[0.0]], np.empty((0, 0))])
def test_what_was_not_analysed_or_has_no_probability_is_no_detection(values):
    assert len(find_detections(heatmap(values), MPP, 100, 0.0).xy) == 0


def test_a_detection_without_a_place_is_refused():
    with pytest.raises(ValueError, match="a place for each of 1"):
        Detections(np.ones(1), np.empty((0, 2)))


def test_the_same_number_is_written_and_kept():
    found = find_detections(heatmap([[0.9]]), MPP, 100, 0.1)

    assert found.probability.tolist() == [0.9]


@pytest.mark.parametrize("radius", [1e6, 1e12])
def test_beyond_the_grid_a_radius_reaches_all_of_it_and_takes_no_more_memory(radius):
    values = np.random.default_rng(0).random((12, 30), dtype=np.float32)

    found = find_detections(heatmap(values), MPP, radius, 0.1)

    assert found.probability == pytest.approx([values.max()])
