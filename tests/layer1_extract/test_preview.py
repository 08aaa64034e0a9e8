from __future__ import annotations

import numpy as np
from PIL import Image
from tiff_slides import asap, tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide, preview_path
from layer1_extract.preview import (
    ANNOTATION,
    PEN,
    PICTURE_SIZE,
    SMALL_SIZE,
    SUSPECT,
    TISSUE,
    small_picture,
)
from layer1_extract.squares import PATCH

OVERRIDES = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]


def test_squares_tissue_and_annotation_are_drawn_where_they_lie(tmp_path):
    xml = tmp_path / "s.xml"
    xml.write_text(asap([[(320, 192), (448, 192), (448, 384), (320, 384)]]))
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("s", path, slide_label="macro", annotation=xml)
    settings = load(ExtractSettings, None, [*OVERRIDES, "sampling.method=dense"])

    extract_slide(entry, tmp_path, settings)

    picture = np.asarray(Image.open(preview_path(tmp_path, "s")))[:768]
    for colour, (x0, y0, x1, y1) in {
        PATCH[1]: (320, 192, 449, 385),
        PATCH[0]: (256, 128, 641, 513),
        TISSUE: (250, 122, 650, 520),
        ANNOTATION: (318, 190, 451, 387),
    }.items():
        rows, columns = np.nonzero((picture == colour).all(axis=2))
        assert len(rows) > 100
        assert x0 <= columns.min() <= columns.max() <= x1
        assert y0 <= rows.min() <= rows.max() <= y1


def written(tmp_path, image):
    path = write_slide(tmp_path / "s.tif", image)
    extract_slide(SlideEntry("s", path), tmp_path, load(ExtractSettings, None, OVERRIDES))
    with Image.open(preview_path(tmp_path, "s")) as preview:
        width, height = (int(number) for number in preview.info[PICTURE_SIZE].split())
        return np.asarray(preview.convert("RGB")), width, height


def test_pen_is_outlined_in_a_colour_of_its_own(tmp_path):
    image = tissue_on_glass()
    image[560:640, 128:896] = (40, 60, 170)

    preview, width, height = written(tmp_path, image)

    rows, columns = np.nonzero((preview[:height, :width] == PEN).all(axis=2))
    assert 530 < rows.min() < rows.max() < 670
    assert 98 < columns.min() < columns.max() < 926
    assert (preview[height:] == PEN).all(axis=2).any()


def test_what_is_odd_is_said_in_red_and_nothing_else_is(tmp_path):
    good, _, height = written(tmp_path, tissue_on_glass())
    black = tissue_on_glass()
    black[:, 680:] = 0

    odd, _, _ = written(tmp_path, black)

    assert not (good == SUSPECT).all(axis=2).any()
    assert (odd[height:] == SUSPECT).all(axis=2).any()


def test_the_file_says_how_large_its_picture_is(tmp_path):
    preview, width, height = written(tmp_path, tissue_on_glass(700, 500, (100, 100, 400, 400)))

    assert (width, height) == (700, 500)
    assert preview.shape[0] > height
    assert (preview[height + 1, :] == 255).all()


def test_the_small_picture_shows_tissue_annotation_and_tumour(tmp_path):
    xml = tmp_path / "s.xml"
    xml.write_text(asap([[(320, 192), (448, 192), (448, 384), (320, 384)]]))
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("s", path, slide_label="macro", annotation=xml)

    extract_slide(
        entry, tmp_path, load(ExtractSettings, None, [*OVERRIDES, "sampling.method=dense"])
    )

    with Image.open(preview_path(tmp_path, "s")) as preview:
        small = np.asarray(small_picture(preview)).astype(int)
    assert max(small.shape[1] / SMALL_SIZE[0], small.shape[0] / SMALL_SIZE[1]) == 1
    for colour in (TISSUE, ANNOTATION):
        assert (small == colour).all(axis=2).sum() > 40
    scale = small.shape[1] / 1024
    inside, beside = (small[int(288 * scale), int(x * scale)] for x in (384, 550))
    assert inside[0] - inside[2] > 60 > beside[0] - beside[2]  # vermilion, and not
