from __future__ import annotations

import numpy as np
import pytest
from patch_headers import header
from PIL import Image

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from layer1_extract.joined_preview import join_previews
from layer1_extract.preview import PATCH, save_framed

SAID = [("a slide", (1, 2, 3))]


@pytest.fixture
def file(tmp_path):
    with open_writer(tmp_path / "s.h5", header()) as writer:
        writer.finish()
    return PatchFile(tmp_path / "s.h5")


def drawn(squares):
    pixels = np.full((40, 700, 3), 230, np.uint8)
    for column, label in squares:
        pixels[10:20, column : column + 10] = PATCH[label]
    return Image.fromarray(pixels)


def test_the_squares_of_all_parts_are_on_one_picture(tmp_path, file):
    for part, squares in enumerate([[(0, 1)], [(5, 0)], [(300, -1)]]):
        save_framed(tmp_path / f"{part}.png", drawn(squares), SAID, file)
    save_framed(tmp_path / "whole.png", drawn([(0, 1), (5, 0), (300, -1)]), SAID, file)

    join_previews(tmp_path / "joined.png", [tmp_path / f"{part}.png" for part in range(3)], file)
    file.close()

    assert (tmp_path / "joined.png").read_bytes() == (tmp_path / "whole.png").read_bytes()


def test_another_picture_is_refused(tmp_path, file):
    drawn([]).save(tmp_path / "0.png")

    with pytest.raises(ContractError, match=r"0\.png: preview"):
        join_previews(tmp_path / "joined.png", [tmp_path / "0.png"], file)
    file.close()
