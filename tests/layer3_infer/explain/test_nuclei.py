"""Finding nuclei."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from nucleus_scores import MPP, images, mean, plain_otsu, score

from layer3_infer.explain.nuclei import NucleusSettings, find_nuclei, otsu

H = np.array([0.65, 0.70, 0.29]) / np.linalg.norm([0.65, 0.70, 0.29])
E = np.array([0.07, 0.99, 0.11]) / np.linalg.norm([0.07, 0.99, 0.11])


def tissue(haematoxylin, eosin=0.4, seed=0):
    """(H, W, 3) uint8 of these amounts, with a scanner's noise."""
    density = haematoxylin[..., None] * H + eosin * E
    light = 240 * np.exp(-density) + np.random.default_rng(seed).normal(0, 1.5, density.shape)
    return np.rint(light).clip(0, 255).astype(np.uint8)


def drawn(circles, *, edge=160, mpp=0.25, strength=1.2):
    """Amounts of haematoxylin with discs of (x, y, radius) in um, softened as a lens does."""
    amount = np.full((edge, edge), 0.1)
    for x, y, radius in circles:
        centre = round(x / mpp), round(y / mpp)
        cv2.circle(amount, centre, round(radius / mpp), strength, -1)
    return cv2.GaussianBlur(amount, (0, 0), 0.3 / mpp)


FIVE = [(8, 8, 3.5), (30, 8, 4), (20, 20, 6), (8, 31, 3.5), (31, 31, 5)]


@pytest.mark.parametrize("mpp", [0.125, 0.25, 0.5, 0.8])
def test_every_disc_is_found_at_every_scale_with_its_area_in_um(mpp):
    found = find_nuclei(tissue(drawn(FIVE, edge=round(40 / mpp), mpp=mpp)), mpp)
    areas = np.sort(np.bincount(found.ravel())[1:]) * mpp**2

    assert found.max() == 5
    np.testing.assert_allclose(areas, np.sort([np.pi * r**2 for *_, r in FIVE]), rtol=0.2)


def test_a_pale_nucleus_is_as_large_as_a_dark_one():
    pale, dark = (
        np.count_nonzero(find_nuclei(tissue(drawn(FIVE, strength=strength)), 0.25))
        for strength in (0.6, 1.8)
    )

    assert pale == pytest.approx(dark, rel=0.04)


def test_touching_nuclei_are_cut_apart():
    found = find_nuclei(tissue(drawn([(15, 20, 4.5), (23, 20, 4.5)])), 0.25)

    assert found.max() == 2
    assert found[80, 60] != found[80, 92]


def test_what_the_edge_cuts_is_found():
    found = find_nuclei(tissue(drawn([(0, 20, 4), (20, 0, 4), (40, 20, 4), (20, 40, 4)])), 0.25)

    assert found.max() == 4


def test_labels_are_one_to_k_without_gaps_and_each_is_one_piece():
    found = find_nuclei(tissue(drawn(FIVE)), 0.25)

    assert found.dtype == np.int32
    assert np.unique(found).tolist() == list(range(6))
    for name in range(1, 6):
        assert cv2.connectedComponents((found == name).astype(np.uint8), connectivity=4)[0] == 2


def test_vesicular_nuclei_are_filled():
    ring = drawn([(20, 20, 6)])
    hole = drawn([(20, 20, 1.5)], strength=0.9)
    found = find_nuclei(tissue(ring - (hole - 0.1)), 0.25)

    assert found.max() == 1
    assert found[80, 80] == 1


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(np.full((96, 96, 3), 255, np.uint8), id="white"),
        pytest.param(np.zeros((96, 96, 3), np.uint8), id="black"),
        pytest.param(np.full((96, 96, 3), 128, np.uint8), id="grey"),
        pytest.param(tissue(np.full((96, 96), 0.3)), id="one colour with noise"),
        pytest.param(tissue(np.zeros((96, 96)), 1.2), id="eosin alone"),
        pytest.param(tissue(cv2.GaussianBlur(drawn(FIVE), (0, 0), 60)), id="out of focus"),
        pytest.param(np.full((1, 1, 3), 90, np.uint8), id="one pixel"),
        pytest.param(np.full((2, 7, 3), 90, np.uint8), id="tiny"),
    ],
)
@pytest.mark.parametrize("mpp", [0.1, 0.25, 0.5, 2.0])
def test_a_patch_without_nuclei_has_none(patch, mpp):
    found = find_nuclei(patch, mpp)

    assert found.shape == patch.shape[:2]
    assert not found.any()


def test_half_a_patch_of_ink_is_no_nucleus_and_hides_none():
    patch = tissue(drawn([(30, 10, 4), (30, 30, 4)]))
    patch[:, :60] = 0
    found = find_nuclei(patch, 0.25)

    assert found.max() == 2
    assert not found[:, :60].any()


def test_the_same_patch_gives_the_same_nuclei_and_is_left_as_it_was():
    patch = tissue(drawn(FIVE))
    before = patch.copy()

    np.testing.assert_array_equal(find_nuclei(patch, 0.25), find_nuclei(patch, 0.25))
    np.testing.assert_array_equal(patch, before)


def test_sizes_out_of_bounds_are_left_out():
    patch = tissue(drawn(FIVE))
    small = np.pi * 3.7**2

    found = find_nuclei(patch, 0.25, NucleusSettings(area=(small, 90.0)))

    assert found.max() == 2


def test_otsu_parts_two_levels():
    assert 1 < otsu(np.array([[1, 1, 1.1, 3, 3, 2.9]], np.float32)) < 2.9


@pytest.mark.real_data
def test_on_real_nuclei_it_is_better_than_plain_otsu_on_images_no_setting_was_chosen_on(
    shared_data,
):
    held_out = list(images(shared_data / "nuclei"))[1::2]
    ours = mean(score(drawn, find_nuclei(patch, MPP)) for _, patch, drawn in held_out)
    plain = mean(score(drawn, plain_otsu(patch)) for _, patch, drawn in held_out)

    assert len(held_out) == 20
    assert ours.dice > max(plain.dice, 0.82)
    assert ours.count_error < min(plain.count_error, 0.37)
    assert ours.f1 > plain.f1 + 0.15
    assert ours.aji > plain.aji + 0.08
