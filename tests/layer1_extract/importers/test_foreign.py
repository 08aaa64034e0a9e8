from __future__ import annotations

import numpy as np

from layer1_extract.importers.foreign import ForeignSlide


def test_a_source_that_knows_no_patient_says_nothing_of_one():
    slide = ForeignSlide("s", 1, 2, "f", lambda: iter([([0], np.zeros((1, 2, 2, 3), np.uint8))]))

    assert (slide.patient, slide.node, slide.centre) == ("", "", "")
    assert len(list(slide.batches())) == len(list(slide.batches())) == 1
