from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis.extra import numpy as hnp

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.regions import find_regions

NAN = np.nan


def heatmap(values, stride=10, edge=10):
    values = np.asarray(values, np.float32)
    return Heatmap(Grid((100, 200), stride, edge, *values.shape), values)


def test_neighbours_become_one_polygon_at_its_exact_place():
    regions = find_regions(heatmap([[0.1, 0.9, 0.7], [NAN, 0.5, 0.2]]), mpp=0.5, threshold=0.5)

    assert len(regions) == 1
    expected = shapely.box(110, 200, 130, 210) | shapely.box(110, 210, 120, 220)
    assert regions[0].polygon.equals(expected)
    assert regions[0].area_um2 == pytest.approx(300 * 0.25)
    assert regions[0].mean_probability == pytest.approx(0.7)
    assert regions[0].max_probability == pytest.approx(0.9)
    assert regions[0].patches == 3


def test_cells_that_meet_at_a_corner_are_two_regions_in_reading_order():
    regions = find_regions(heatmap([[0, 1], [1, 0]]), 1.0, 0.5)

    assert [region.polygon.bounds[0] for region in regions] == [110, 100]


def test_a_ring_keeps_its_hole():
    values = np.ones((3, 3))
    values[1, 1] = NAN

    (region,) = find_regions(heatmap(values), 1.0, 0.5)

    assert len(region.polygon.interiors) == 1
    assert region.area_um2 == 800


def test_what_was_not_analysed_is_in_no_region_even_at_threshold_zero():
    regions = find_regions(heatmap([[NAN, 0.0, NAN]]), 1.0, threshold=0.0)

    assert [region.patches for region in regions] == [1]


def test_a_straight_edge_has_no_corners_in_between():
    (region,) = find_regions(heatmap(np.ones((4, 7))), 1.0, 0.5)

    assert len(region.polygon.exterior.coords) == 5


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (2, 2)])
def test_nothing_above_gives_no_region(shape):
    assert find_regions(heatmap(np.full(shape, NAN)), 1.0, 0.5) == []


@given(above=hnp.arrays(np.bool_, (4, 6)))
def test_the_regions_together_are_the_cells_above(above):
    found = find_regions(heatmap(above.astype(np.float32), stride=4, edge=10), 1.0, 0.5)

    assert sum(region.patches for region in found) == above.sum()
    assert sum(region.polygon.area for region in found) == pytest.approx(16 * above.sum())
    assert all(region.polygon.is_valid for region in found)
