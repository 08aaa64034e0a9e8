from __future__ import annotations

import numpy as np
import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from layer1_extract.calibration import calibrate
from layer1_extract.config import ExtractSettings
from layer1_extract.cost import JPEG_BYTES

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]


def settings(*overrides):
    return load(ExtractSettings, None, [*SMALL, *overrides])


@pytest.mark.parametrize("method", ["dense", "random"])
@pytest.mark.parametrize("codec", ["raw", "jpeg", "none"])
def test_what_was_timed_is_told_from_what_was_known(tmp_path, method, codec):
    entry = SlideEntry("s", write_slide(tmp_path / "s.tif", tissue_on_glass()))

    cost = calibrate(entry, settings(f"sampling.method={method}", f"storage.codec={codec}"))

    assert cost is not None
    assert cost.measured
    assert cost.read_s > 0
    assert (cost.jpeg_bytes != JPEG_BYTES[95]) == (codec == "jpeg")
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]


@pytest.mark.parametrize("size", [32, 4096])
def test_a_slide_without_patches_says_nothing_of_their_cost(tmp_path, size):
    glass = np.full((512, 512, 3), 243, np.uint8)
    entry = SlideEntry("s", write_slide(tmp_path / "s.tif", glass))

    for method in ("dense", "random"):
        chosen = settings(f"sampling.method={method}", f"patch.size={size}")
        assert calibrate(entry, chosen) is None
