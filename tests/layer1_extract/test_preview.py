from __future__ import annotations

import numpy as np
from PIL import Image
from tiff_slides import asap, tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide, preview_path
from layer1_extract.preview import ANNOTATION, PATCH, TISSUE

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
