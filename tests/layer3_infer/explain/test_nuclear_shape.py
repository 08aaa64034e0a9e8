"""Number, area and eccentricity of labels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import regionprops_table

from layer3_infer.explain.nuclear_shape import NuclearShape


def scattered(seed, edge=120, count=40):
    """(edge, edge) int32: ellipses that do not touch, some over the edge; labels with gaps."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((edge, edge), np.int32)
    for name in range(1, count + 1):
        drawn = np.zeros((edge, edge), np.uint8)
        centre, axes = rng.integers(0, edge, 2).tolist(), rng.integers(3, 10, 2).tolist()
        cv2.ellipse(drawn, centre, axes, float(rng.uniform(0, 180)), 0, 360, (1,), -1)
        if not labels[cv2.dilate(drawn, np.ones((3, 3))) > 0].any():
            labels[drawn > 0] = 3 * name
    return labels


@given(st.integers(0, 200))
def test_area_and_eccentricity_are_those_of_scikit_image(seed):
    labels = scattered(seed)
    shape = NuclearShape(labels)
    table = regionprops_table(labels, properties=("label", "area", "eccentricity"))

    np.testing.assert_allclose(shape.areas, table["area"][shape.whole])
    np.testing.assert_allclose(shape.eccentricities, table["eccentricity"][shape.whole], atol=1e-6)


@given(seed=st.integers(0, 200), cut=st.integers(30, 90), turned=st.booleans())
def test_two_patches_that_share_a_line_of_pixels_count_every_nucleus_once(seed, cut, turned):
    labels = scattered(seed)
    labels[[0, -1]] = labels[:, [0, -1]] = 0  # the picture itself cuts nothing
    labels = np.where(np.isin(labels, _broken(labels)), 0, labels)
    whole = labels.T if turned else labels
    parts = whole[: cut + 1], whole[cut:]

    counted = sum(NuclearShape(part).number for part in parts)

    assert counted == NuclearShape(labels).number == len(np.unique(labels)) - 1


def test_every_pixel_of_a_nucleus_is_covered_by_one_patch():
    labels = scattered(0)
    parts = [labels[:70, :50], labels[:70, 50:], labels[70:, :50], labels[70:, 50:]]

    covered = sum(NuclearShape(part).covered for part in parts)

    assert covered == np.count_nonzero(labels)


def _broken(labels):
    """Labels of more than one piece, of which a patch could see one and miss another."""
    return [
        name
        for name in np.unique(labels)[1:]
        if cv2.connectedComponents((labels == name).astype(np.uint8))[0] > 2
    ]


def test_only_what_reaches_over_the_left_or_upper_edge_is_counted():
    labels = np.zeros((20, 20), np.int32)
    labels[8:10, 0:2] = 1  # left
    labels[0:2, 8:10] = 2  # above
    labels[8:10, 18:20] = 3  # right
    labels[18:20, 8:10] = 4  # below
    labels[0:2, 18:20] = 5  # above and right
    labels[10:13, 10:13] = 6  # inside
    shape = NuclearShape(labels)

    assert shape.number == 3
    assert shape.areas.tolist() == [9]
    assert shape.covered == 5 * 4 + 9


def test_a_disc_is_round_and_a_line_is_not():
    labels = np.zeros((60, 60), np.int32)
    cv2.circle(labels, (20, 20), 12, (1,), -1)
    labels[50, 5:50] = 2
    disc, line = NuclearShape(labels).eccentricities

    assert disc < 0.1
    assert line == pytest.approx(1, abs=0.01)


def test_nothing_is_nothing():
    shape = NuclearShape(np.zeros((9, 9), np.int32))

    assert (shape.number, shape.covered) == (0, 0)
    assert len(shape.areas) == len(shape.eccentricities) == 0
