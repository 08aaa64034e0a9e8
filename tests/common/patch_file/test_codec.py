from __future__ import annotations

import numpy as np
from tiff_slides import tissue_on_glass

from common.patch_file.codec import decode_jpeg, encode_jpeg


def test_a_patch_survives_jpeg_nearly_unchanged():
    patch = tissue_on_glass(64, 64, box=(0, 16, 64, 64))

    decoded = decode_jpeg(encode_jpeg(patch, 95))

    assert decoded is not None
    assert decoded.shape == patch.shape
    assert np.abs(decoded.astype(int) - patch).mean() < 3


def test_lower_quality_takes_fewer_bytes():
    patch = tissue_on_glass(64, 64, box=(0, 0, 64, 64))

    assert len(encode_jpeg(patch, 50)) < len(encode_jpeg(patch, 95))


def test_bytes_that_are_no_jpeg_give_nothing():
    assert decode_jpeg(np.zeros(100, np.uint8)) is None
    assert decode_jpeg(np.empty(0, np.uint8)) is None
