from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from common.errors import ContractError
from layer1_extract.importers.image_file import decode_image


def encoded(image, suffix=".png"):
    return cv2.imencode(suffix, np.asarray(image))[1].tobytes()


def decoded(content):
    return decode_image(Path("set.zip"), "0/a.png", content)


def test_colours_become_red_green_blue():
    image = np.full((2, 2, 3), (10, 20, 30), np.uint8)

    assert decoded(encoded(image))[0, 0].tolist() == [30, 20, 10]


def test_transparent_pixels_are_white_and_opaque_ones_keep_their_colour():
    image = np.array([[(10, 20, 30, 255), (0, 0, 0, 0)]], np.uint8)

    assert decoded(encoded(image)).tolist() == [[[30, 20, 10], [255, 255, 255]]]


def test_a_grey_image_has_three_equal_channels():
    assert decoded(encoded(np.array([[7, 200]], np.uint8))).tolist() == [[[7] * 3, [200] * 3]]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 3), (2, 2, 4)])
def test_more_than_eight_bit_are_refused(suffix, shape):
    content = encoded(np.full(shape, 40_000, np.uint16), suffix)

    with pytest.raises(ContractError, match=r"a\.png: expected 8 bit per channel, found 16 bit"):
        decoded(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "found an empty file"), (b"no image", "found bytes that do not decode")],
)
def test_what_is_no_image_is_named_with_its_source(content, message):
    with pytest.raises(ContractError, match=rf"set\.zip: 0/a\.png: expected an image, {message}"):
        decoded(content)
