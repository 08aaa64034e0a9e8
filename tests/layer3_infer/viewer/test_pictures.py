from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from common.errors import ContractError
from layer3_infer.viewer.pictures import embed, encoded, read_picture, reduced

ORANGE = (240, 120, 10)


def painted(height=100, width=200):
    return np.full((height, width, 3), ORANGE, np.uint8)


@pytest.mark.parametrize(("width", "expected"), [(100, (50, 100)), (900, (100, 200))])
def test_a_picture_is_reduced_and_never_enlarged(width, expected):
    assert reduced(painted(), width).shape == (*expected, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_an_embedded_picture_keeps_its_colours(suffix):
    picture = embed(painted(), suffix)

    kind, _, text = picture.address.partition(",")
    assert kind == f"data:image/{'jpeg' if suffix == '.jpg' else 'png'};base64"
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (picture.height, picture.width, 3)
    assert np.abs(shown[50, 100, ::-1].astype(int) - ORANGE).max() <= 3


def test_nothing_but_pixels_is_kept_of_a_picture(tmp_path):
    data = bytearray(encoded(painted(), ".jpg"))
    comment = b"\xff\xfe" + (2 + 9).to_bytes(2, "big") + b"Jane Doe!"
    (tmp_path / "a.jpg").write_bytes(data[:2] + comment + data[2:])

    again = encoded(read_picture(tmp_path / "a.jpg"), ".jpg")

    assert b"Jane" in (tmp_path / "a.jpg").read_bytes()
    assert b"Jane" not in again


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_what_is_no_picture_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(ContractError, match="expected a picture"):
        read_picture(tmp_path / "a.png")
