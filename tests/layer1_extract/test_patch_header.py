from __future__ import annotations

from pathlib import Path

import numpy as np
from fakes import FakeSlide, painted

from common.cohort import SlideEntry
from common.config import load
from common.geometry import Pyramid
from common.patches import PatchSpec
from common.tissue import TissueMask
from common.truth import Truth
from layer1_extract.config import ExtractSettings
from layer1_extract.patch_header import header_of
from layer1_extract.survey import Survey

SLIDE = FakeSlide(Pyramid(((4096, 2048),), 0.25), painted({}), slide_id="s")
KNOWN = Survey(SLIDE, PatchSpec(224, 0.5), TissueMask(np.ones((4, 8), bool), 4096, 2048), Truth())
ENTRY = SlideEntry("s", Path("s.tif"), "patient_001", "2", "0", split="train")


def test_the_header_says_where_the_patches_come_from_and_how_large_they_are():
    settings = load(ExtractSettings, None, ["sampling.method=dense", "sampling.stride=112"])

    header = header_of(ENTRY, KNOWN, settings, 1, 3)

    assert (header.slide_id, header.patient, header.split) == ("s", "patient_001", "train")
    assert (header.patch_size, header.patch_mpp, header.patch_size_level0) == (224, 0.5, 448)
    assert header.sampling == {"method": "dense", "seed": None, "origin": [0, 0], "stride": 224}
    assert header.file_name == "s.part-1-of-3.h5"
    assert header.reader == SLIDE.reader


def test_random_sampling_is_recorded_whole():
    settings = load(ExtractSettings, None, ["sampling.seed=7", "sampling.min_distance_um=50"])

    sampling = header_of(ENTRY, KNOWN, settings, 0, 1).sampling

    assert (sampling["method"], sampling["seed"]) == ("random", 7)
    assert sampling["min_distance_um"] == 50
