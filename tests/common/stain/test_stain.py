from __future__ import annotations

import numpy as np

from common.stain.stain import Unchanged


def test_unchanged_patches_are_the_same_patches():
    patches = np.zeros((1, 2, 2, 3), np.uint8)

    assert Unchanged()(patches) is patches
    assert Unchanged("too pale").fallback == "too pale"
