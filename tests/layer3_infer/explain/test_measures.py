"""Measures of a patch's nuclei."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from layer3_infer.explain.haralick import FEATURES
from layer3_infer.explain.measures import MEASURES, measure, scale_of

H = np.array([0.65, 0.70, 0.29]) / np.linalg.norm([0.65, 0.70, 0.29])
GLASS = np.full((64, 64, 3), 255, np.uint8)
NOTHING = np.zeros((64, 64), np.int32)


def discs(radius, *, seed=0, edge=224, grain=0.2, strength=1.0):
    """Discs of one chromatin: patch and labels. Grain is finer than any nucleus."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, 1, (edge, edge)), (0, 0), 1.0)
    amount = np.zeros((edge, edge))
    labels = np.zeros((edge, edge), np.int32)
    centres = np.arange(radius + 2, edge - radius - 1, 2 * radius + 6)
    for number, (x, y) in enumerate(((x, y) for x in centres for y in centres), 1):
        cv2.circle(labels, (int(x), int(y)), radius, (number,), -1)
    inside = 1 + grain * noise / noise.std()
    amount[labels > 0] = strength * inside[labels > 0]
    light = 255 * np.exp(-amount.clip(0)[..., None] * H)
    return np.rint(light).astype(np.uint8), labels


def test_every_measure_has_a_value_and_words_for_a_reader():
    found = measure(*discs(12), 0.25)

    assert list(found) == list(MEASURES)
    assert all(np.isfinite(value) for value in found.values())
    assert all(name == each.name and each.title and each.said for name, each in MEASURES.items())


def test_number_and_areas_are_those_drawn_in_um():
    patch, labels = discs(12)

    found = measure(patch, labels, 0.25)

    assert found["nuclei_number"] == labels.max()
    assert found["nuclei_area_mean"] == np.count_nonzero(labels == 1) / 16
    assert found["nuclei_area_sum"] == pytest.approx(labels.max() * found["nuclei_area_mean"])
    assert found["nuclei_eccentricity"] < 0.1


def test_chromatin_of_small_and_of_large_nuclei_measures_the_same():
    small = [measure(*discs(10, seed=seed), 0.25) for seed in range(12)]
    large = [measure(*discs(24, seed=seed), 0.25) for seed in range(12)]
    rougher = [measure(*discs(10, seed=seed, grain=0.25), 0.25) for seed in range(12)]

    for name in FEATURES:
        mean = [np.mean([each[name] for each in group]) for group in (small, large, rougher)]
        of_size = abs(mean[1] - mean[0])
        of_grain = abs(mean[2] - mean[0])
        if name == "correlation":  # of both it knows nothing
            assert of_size < 0.03
        else:
            assert of_size < 0.15 * of_grain


def test_a_stronger_stain_is_not_another_chromatin():
    pale, dark = (measure(*discs(14, strength=strength), 0.25) for strength in (0.7, 1.4))

    for name in FEATURES:
        assert dark[name] == pytest.approx(pale[name], rel=0.06)


def test_rougher_chromatin_moves_every_texture_the_way_its_words_say():
    even, rough = (measure(*discs(14, grain=grain), 0.25) for grain in (0.1, 0.3))

    assert rough["asm"] < even["asm"]
    assert all(rough[name] > even[name] for name in ("contrast", "entropy", "dissimilarity"))


def test_labels_of_any_size_are_told_apart():
    patch, labels = discs(12)
    large = np.where(labels > 0, labels.astype(np.int64) + 2**40, 0)

    assert measure(patch, large, 0.25) == measure(patch, labels, 0.25)
    halves = np.where(np.arange(224) < 112, 2**24, 2**24 + 1) * np.ones((224, 1), np.int64)
    whole = np.ones((224, 224), np.int64)
    assert measure(patch, halves, 0.25)["contrast"] != measure(patch, whole, 0.25)["contrast"]


def test_without_nuclei_there_are_none_and_nothing_else_is_known():
    found = measure(GLASS, NOTHING, 0.25)

    assert found.pop("nuclei_number") == found.pop("nuclei_area_sum") == 0
    assert all(np.isnan(value) for value in found.values())


def test_a_nucleus_cut_by_the_edge_covers_but_has_no_size():
    labels = NOTHING.copy()
    labels[:20, 20:40] = 1

    found = measure(GLASS, labels, 0.25)

    assert found["nuclei_area_sum"] == pytest.approx(400 / 16)
    assert np.isnan(found["nuclei_area_mean"])
    assert found["nuclei_number"] == 1


def test_white_nuclei_have_no_chromatin_to_tell_apart():
    labels = np.ones((64, 64), np.int32)

    found = measure(GLASS, labels, 0.25)

    assert found["contrast"] == 0
    assert np.isnan(found["correlation"])


def test_a_finer_patch_is_measured_at_its_measures_scale():
    patch, labels = discs(12)
    finer = cv2.resize(patch, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    larger = np.kron(labels, np.ones((2, 2), np.int32))

    found, same = measure(finer, larger, 0.125), measure(patch, labels, 0.25)

    for name in same:
        assert found[name] == pytest.approx(same[name], rel=0.1)


@pytest.mark.parametrize(("mpp", "scale"), [(0.125, 0.25), (0.2465, 0.2465), (0.972, 0.972)])
def test_a_coarser_patch_is_measured_at_its_own_scale(mpp, scale):
    assert scale_of(MEASURES["asm"], mpp) == scale
    assert scale_of(MEASURES["nuclei_number"], mpp) == mpp
