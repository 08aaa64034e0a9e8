from __future__ import annotations

import numpy as np
import pytest
from tiff_slides import tissue_on_glass

from common.patch_file.codec import decode_jpeg, encode_jpeg


def test_a_patch_survives_jpeg_nearly_unchanged():
    patch = tissue_on_glass(64, 64, box=(0, 16, 64, 64))

    decoded = np.empty_like(patch)
    decode_jpeg(encode_jpeg(patch, 95), decoded)

    assert np.abs(decoded.astype(int) - patch).mean() < 3


def test_lower_quality_takes_fewer_bytes():
    patch = tissue_on_glass(64, 64, box=(0, 0, 64, 64))

    assert len(encode_jpeg(patch, 50)) < len(encode_jpeg(patch, 95))


@pytest.mark.parametrize("count", [0, 100])
def test_bytes_that_are_no_jpeg_are_refused(count):
    with pytest.raises(ValueError, match="bytes that do not decode"):
        decode_jpeg(np.zeros(count, np.uint8), np.empty((64, 64, 3), np.uint8))


def test_a_jpeg_that_was_cut_off_is_refused():
    encoded = encode_jpeg(tissue_on_glass(64, 64, box=(0, 16, 64, 64)), 95)

    with pytest.raises(ValueError, match="bytes that do not decode"):
        decode_jpeg(encoded[: len(encoded) // 2], np.empty((64, 64, 3), np.uint8))


@pytest.mark.parametrize("shape", [(32, 128, 3), (64, 65, 3), (16, 16, 3)])
def test_a_jpeg_of_another_shape_is_refused(shape):
    encoded = encode_jpeg(np.zeros((64, 64, 3), np.uint8), 95)

    with pytest.raises(ValueError, match=r"a patch of \(64, 64, 3\)"):
        decode_jpeg(encoded, np.empty(shape, np.uint8))
