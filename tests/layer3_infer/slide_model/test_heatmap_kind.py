from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heatmap_headers import HEADER

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import HeatmapFile
from layer3_infer.slide_model.heatmap_kind import HeatmapKind


def kind(mpp=0.25, stride=64, preprocessing="p", **header):
    made = HeatmapFile(
        replace(HEADER, level0_mpp=mpp, **header),
        Heatmap(Grid((0, 0), stride, 64, 1, 1), np.zeros((1, 1), np.float32)),
    )
    return HeatmapKind.of(made, {"preprocessing_sha256": preprocessing})


def test_a_kind_says_how_large_patches_are_and_how_far_apart():
    assert (kind().patch_um, kind().stride_um) == (16.0, 16.0)
    assert kind().differences(kind()) == []


def test_slides_of_another_scale_have_the_same_kind_of_heatmap():
    here, there = kind(mpp=0.25, stride=35), kind(mpp=0.2425, stride=36)

    assert here.differences(there, pixel_um=0.25) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (kind(model_sha256="z"), "model_sha256 z instead of " + "a" * 12),
        (kind(locations="patches"), "locations patches instead of tissue"),
        (
            kind(preprocessing="q"),
            "preprocessing_sha256 (of stain normalisation and orientations) q instead of p",
        ),
        (kind(stride=32), "stride_um 8 instead of 16"),
        (kind(patch_size=48), "patch_um 24 instead of 16"),
    ],
)
def test_another_model_or_setting_is_told(other, said):
    assert kind().differences(other, pixel_um=0.25) == [said]
