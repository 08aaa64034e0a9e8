from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from common.errors import ContractError
from layer3_infer.embedding import embed


def decoded(picture):
    kind, _, text = picture.address.partition(",")
    assert kind == "data:image/jpeg;base64"
    return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(("width", "expected"), [(100, (100, 50)), (900, (200, 100))])
def test_a_picture_is_reduced_and_never_enlarged(tmp_path, width, expected):
    pixels = np.full((100, 200, 3), (10, 120, 240), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)

    picture = embed(tmp_path / "a.png", width, quality=90)

    shown = decoded(picture)
    assert (picture.width, picture.height) == expected
    assert shown.shape == (expected[1], expected[0], 3)
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), (10, 120, 240), atol=4)


def test_a_picture_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ContractError, match="No such file"):
        embed(tmp_path / "a.png", 100, 90)


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(ContractError, match="expected a picture"):
        embed(tmp_path / "a.png", 100, 90)
