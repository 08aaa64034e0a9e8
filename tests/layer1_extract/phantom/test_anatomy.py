from __future__ import annotations

import numpy as np
import pytest
import shapely

from layer1_extract.phantom.anatomy import grow_anatomy


@pytest.mark.parametrize("seed", range(4))
def test_fat_keeps_out_of_tumour(seed):
    anatomy = grow_anatomy(np.random.default_rng(seed), 2048, tumor=True)
    regions = shapely.MultiPolygon([shapely.Polygon(lesion) for lesion in anatomy.lesions])

    centres = shapely.points(anatomy.fat[:, :2])

    assert len(anatomy.fat) > 0
    assert not shapely.contains(regions, centres).any()


def test_a_negative_slide_has_tissue_and_no_region_of_tumour():
    anatomy = grow_anatomy(np.random.default_rng(0), 1024, tumor=False)

    assert anatomy.lesions == ()
    assert anatomy.tissue_share > 0.3


def test_tumour_leaves_the_tissue_as_it_was():
    with_tumor, without = (
        grow_anatomy(np.random.default_rng(0), 1024, tumor=tumor) for tumor in (True, False)
    )

    depths = with_tumor.tissue.depth.values, without.tissue.depth.values
    np.testing.assert_allclose(*depths, rtol=1e-6)  # OpenCV rounds by where arrays lie in memory
