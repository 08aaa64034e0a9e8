from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree
from scipy.stats import ks_2samp

from common.geometry import Box
from layer1_extract.phantom.anatomy import grow_anatomy
from layer1_extract.phantom.fat import in_fat
from layer1_extract.phantom.lesions import inside
from layer1_extract.phantom.nuclei import grow_nuclei

BY_CHANCE = 0.001


@pytest.fixture(scope="module")
def anatomy():
    return grow_anatomy(np.random.default_rng(0), 4096, tumor=True)


def grown(anatomy, *differ):
    return grow_nuclei(np.random.default_rng(1), anatomy, frozenset(differ))


def chance_of(values, nuclei):
    return ks_2samp(values[nuclei.tumor], values[~nuclei.tumor]).pvalue


def test_with_area_alone_nuclei_of_tumour_are_larger_and_equal_in_texture(anatomy):
    nuclei = grown(anatomy, "area")

    assert nuclei.area_um2[nuclei.tumor].min() > nuclei.area_um2[~nuclei.tumor].max()
    assert chance_of(nuclei.texture, nuclei) > BY_CHANCE


def test_with_texture_alone_they_are_more_textured_and_paler_and_equal_in_area(anatomy):
    nuclei = grown(anatomy, "texture")
    normal, tumor = nuclei.banks

    assert nuclei.texture[nuclei.tumor].mean() > 1.2 * nuclei.texture[~nuclei.tumor].mean()
    assert tumor.stamps[tumor.stamps > 0].mean() < normal.stamps[normal.stamps > 0].mean()
    assert chance_of(nuclei.area_um2, nuclei) > BY_CHANCE


def test_with_both_they_differ_in_both(anatomy):
    nuclei = grown(anatomy, "area", "texture")

    assert chance_of(nuclei.texture, nuclei) < BY_CHANCE
    assert chance_of(nuclei.area_um2, nuclei) < BY_CHANCE


def test_nuclei_of_tumour_are_those_centred_in_a_region(anatomy):
    nuclei = grown(anatomy, "area")

    assert nuclei.tumor.sum() > 100
    np.testing.assert_array_equal(inside(anatomy.lesions, nuclei.xy + 0.5), nuclei.tumor)


def test_nuclei_lie_in_tissue_out_of_fat_and_not_upon_each_other(anatomy):
    nuclei = grown(anatomy, "texture")
    xy = nuclei.xy.astype(float)
    normal = KDTree(xy[~nuclei.tumor]).query(xy[~nuclei.tumor], k=2)[0][:, 1]

    assert anatomy.tissue.depth.at(xy).min() > 0
    assert not in_fat(anatomy.fat, xy, 0).any()
    assert normal.min() > 10


def test_a_slide_without_tumour_has_none_of_its_nuclei(negative):
    assert len(negative.nuclei) > 100
    assert not negative.nuclei.tumor.any()


def test_drawing_lays_the_stamp_on_its_place_and_never_lightens(anatomy):
    nuclei = grown(anatomy, "area", "texture")
    x, y = nuclei.xy[0].tolist()
    density = np.full((101, 101), 0.2, np.float32)

    nuclei.draw(Box(x - 50, y - 50, 101, 101), density)

    assert density[50, 50] > 0.4
    assert density.min() == np.float32(0.2)
