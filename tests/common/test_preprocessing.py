from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from common.preprocessing import Preprocessing


def test_without_stain_normalisation_the_network_sees_the_pixels_as_scanned():
    patches = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)

    seen = Preprocessing()(patches)

    assert seen.dtype == np.float32
    assert np.array_equal(seen, patches)


def test_a_preprocessing_this_software_does_not_know_is_refused():
    with pytest.raises(ValidationError):
        Preprocessing.model_validate({"stain": "of the future"})
    with pytest.raises(ValidationError):
        Preprocessing.model_validate({"stain": "none", "blur": 3})
