from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tiff_slides import tissue_on_glass

from common.cohort import SlideEntry
from common.geometry import Box, Pyramid
from common.openslide_slide import OpenSlideSlide
from common.tissue import TissueSettings, look
from common.tissue.light import absorption
from common.tissue.pen import find_marks
from layer1_extract.phantom.artefacts import Pen, mark_with_pen
from layer1_extract.phantom.roster import roster
from layer1_extract.phantom.settings import PhantomSettings
from layer1_extract.phantom.slide import grow_slide

SIZE = 2048
INKS = {
    "blue": (2.2, 1.2, 0.25),
    "sky blue": (1.4, 0.5, 0.1),
    "green": (2.1, 0.6, 1.5),
    "dark green": (2.4, 1.0, 1.6),
    "black": (1.9, 1.9, 1.8),
    "red": (0.15, 2.0, 1.7),
}
WHOLE = Box(0, 0, SIZE, SIZE)
PYRAMID = Pyramid(((SIZE, SIZE),), 0.5)


def reduced(image):
    return cv2.resize(image, (SIZE // 16, SIZE // 16), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module", params=range(3), ids=lambda centre: f"centre {centre}")
def phantom(request):
    entry = roster(3)[request.param]
    slide = grow_slide(entry, PhantomSettings(slides=3, size=SIZE))
    pen = mark_with_pen(np.random.default_rng(1), slide.anatomy.tissue.depth, SIZE)
    return replace(slide, pen=None), pen


def test_haematoxylin_and_eosin_are_no_pen(phantom):
    slide, _ = phantom

    found = look(reduced(slide.read(WHOLE)), PYRAMID, TissueSettings())

    assert found.mask.pen_fraction == 0
    assert found.black_fraction == 0


@pytest.mark.parametrize("ink", INKS)
def test_a_stroke_of_any_marker_is_found_and_little_else(phantom, ink):
    slide, drawn = phantom
    pen = Pen(drawn.stroke, INKS[ink])
    thickness = reduced(pen.stroke.on(WHOLE))
    plain = look(reduced(slide.read(WHOLE)), PYRAMID, TissueSettings()).mask

    mask = look(reduced(replace(slide, pen=pen).read(WHOLE)), PYRAMID, TissueSettings()).mask

    assert mask.pen[thickness > 0.7].mean() > 0.95
    assert mask.tissue[thickness > 0.7].mean() < 0.04
    assert not mask.pen[cv2.dilate(thickness, np.ones((9, 9))) < 0.01].any()
    assert (mask.tissue & ~plain.tissue).sum() < 5


def test_a_speck_of_ink_is_no_pen():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[150:155, 30:35] = (20, 40, 150)

    assert not find_marks(absorption(image), 8.0).pen.any()


def test_black_that_reaches_the_edge_of_the_slide_was_not_drawn():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[:, :20] = 3
    image[140:170, 60:200] = 25

    marks = find_marks(absorption(image), 8.0)

    assert marks.black_edge[:, :19].all()
    assert not marks.black_edge[:, 30:].any()
    assert marks.pen[142:168, 62:198].all()
    assert not marks.pen[:, :40].any()


def test_brown_of_dab_on_a_blue_counterstain_is_no_pen():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[32:128, 64:160] = (165, 172, 205)
    image[50:100, 80:120] = (95, 55, 30)

    assert not find_marks(absorption(image), 8.0).pen.any()


@pytest.mark.real_data
def test_real_haematoxylin_is_not_called_pen(shared_data):
    """Of the cells of the mosaic a few are black with dirt; nothing else comes near ink."""
    paths = sorted((shared_data / "mosaic").glob("centre_*/*.tif"))
    shares = []
    for path in [*paths, shared_data / "slides" / "camelyon_jpeg.dcm"]:
        slide = OpenSlideSlide.of(SlideEntry(path.stem, path))
        thumbnail = slide.thumbnail(max(8.0, slide.pyramid.mpp))
        taken = absorption(thumbnail)
        pen = find_marks(taken, slide.pyramid.mpp * slide.pyramid.width / len(thumbnail[0])).pen
        shares.append(pen.mean())

    assert max(shares) < 0.003
    assert shares[-1] == 0
