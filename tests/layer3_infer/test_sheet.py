from __future__ import annotations

import cv2
import numpy as np

from layer3_infer.sheet import CELL, Sheet


def test_an_image_is_shown_pixel_for_pixel_at_its_place(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    sheet = Sheet(200, 100)
    sheet.image(pixels, 30, 20, (60, 40))

    sheet.save(tmp_path / "a.png")

    shown = cv2.imread(str(tmp_path / "a.png"))[..., ::-1]
    assert shown.shape == (100, 200, 3)
    assert np.array_equal(shown[20:60, 30:90], pixels)
    assert (shown[:20] == 255).all()


def test_text_is_never_read_as_mathematics(tmp_path):
    sheet = Sheet(200, 100)
    sheet.text(10, 50, r"$\frac{1$ <b>")

    sheet.save(tmp_path / "a.png")

    assert (cv2.imread(str(tmp_path / "a.png")) < 128).any()


def test_the_same_sheet_twice_is_the_same_file(tmp_path):
    for name in ("a.png", "b.png"):
        sheet = Sheet(200, 100)
        sheet.text(10, 50, "slide")
        sheet.scale(np.linspace(0, 1, 5)[:, None] * np.ones(3), (150, 10, 10, 80), "P")
        sheet.save(tmp_path / name)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_patch_is_shown_as_a_square_of_one_size_whatever_its_own(tmp_path):
    for edge in (7, 500):
        sheet = Sheet(300, 300)
        sheet.patch(np.full((edge, edge, 3), 90, np.uint8), 20, 30)
        sheet.save(tmp_path / "a.png")

        shown = cv2.imread(str(tmp_path / "a.png"))
        assert (shown[30 : 30 + CELL, 20 : 20 + CELL] == 90).all()
        assert (shown == 90).all(axis=-1).sum() == CELL**2
