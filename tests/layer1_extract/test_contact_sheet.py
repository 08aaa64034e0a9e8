from __future__ import annotations

import numpy as np
from patch_headers import header
from PIL import Image

from common.patch_file.writer import open_writer
from layer1_extract.contact_sheet import PER_CLASS, write_contact_sheet


def test_each_class_has_a_band_with_some_of_its_patches(tmp_path):
    count = 100
    labels = np.repeat([0, 1], count // 2).astype(np.int8)
    xy = np.stack([np.arange(count), np.zeros(count)], axis=1).astype(np.int64)
    patches = np.empty((count, 8, 8, 3), np.uint8)
    patches[labels == 0], patches[labels == 1] = (0, 0, 200), (200, 0, 0)
    share = labels.astype(np.float32)
    with open_writer(tmp_path / "s.h5", header()) as writer:
        writer.append(xy, labels, share, share, patches)
        writer.finish()

    write_contact_sheet(tmp_path / "s.png", tmp_path / "s.h5")

    sheet = np.asarray(Image.open(tmp_path / "s.png"))
    for colour in [(0, 0, 200), (200, 0, 0)]:
        shown = (sheet == colour).all(axis=2).sum()
        assert shown == PER_CLASS * 96 * 96
