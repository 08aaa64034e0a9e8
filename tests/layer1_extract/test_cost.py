from __future__ import annotations

from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.cost import JPEG_BYTES, Cost


def known(*overrides):
    return Cost.known(load(ExtractSettings, None, overrides))


def test_scattered_patches_and_stored_ones_cost_more():
    dense, random = known("sampling.method=dense"), known()
    assert dense.read_s < random.read_s
    assert known("storage.codec=none").store_s < known("storage.codec=jpeg").store_s


def test_raw_pixels_take_three_bytes_each():
    sizes = known().patch_bytes(100)

    assert 30_000 <= sizes["raw"] <= 30_100
    assert sizes["none"] < 100


def test_the_size_of_jpeg_is_that_measured_or_lies_between():
    for quality, size in JPEG_BYTES.items():
        assert known(f"storage.quality={quality}").jpeg_bytes == size
    assert JPEG_BYTES[90] < known("storage.quality=93").jpeg_bytes < JPEG_BYTES[95]
