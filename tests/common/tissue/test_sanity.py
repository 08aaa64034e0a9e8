from __future__ import annotations

import numpy as np
import pytest
from tiff_slides import tissue_on_glass

from common.cohort import SlideEntry
from common.geometry import Pyramid
from common.openslide_slide import OpenSlideSlide
from common.tissue import TissueMask, TissueSettings, look
from common.tissue.sanity import oddities, oddities_of_given

SETTINGS = TissueSettings(min_area_um2=1000, close_um=16)


def said_of(image, settings=SETTINGS):
    slide = Pyramid(((image.shape[1], image.shape[0]),), 8.0)
    return oddities(look(image, slide, settings), settings)


def test_nothing_is_odd_about_tissue_on_glass():
    assert said_of(tissue_on_glass(256, 192, box=(64, 32, 160, 128))) == ""


def test_no_tissue_is_odd():
    assert said_of(np.full((200, 200, 3), 240, np.uint8)) == "no tissue found"


def test_hardly_any_tissue_is_odd():
    image = tissue_on_glass(1024, 1024, box=(64, 32, 80, 48))

    assert said_of(image) == "tissue covers only 0.02% of the slide"


def test_a_slide_all_of_one_shade_is_odd():
    stained_all_over = np.full((200, 200, 3), (225, 170, 200), np.uint8)

    assert "has one shade" in said_of(stained_all_over)


def test_a_slide_cut_out_of_tissue_is_not_odd():
    rng = np.random.default_rng(0)
    cells = rng.uniform(0.5, 1, (25, 25, 1)).repeat(8, axis=0).repeat(8, axis=1)
    image = (np.array([200, 120, 180]) * cells).astype(np.uint8)

    assert said_of(image) == ""


def test_what_is_hardly_darker_than_glass_is_odd():
    image = np.full((200, 200, 3), 240, np.uint8)
    image[60:140, 60:140] = (228, 210, 222)

    assert "hardly darker than glass" in said_of(image)


def test_many_pieces_are_odd():
    image = np.full((400, 400, 3), 243, np.uint8)
    for row in range(8, 392, 20):
        for column in range(8, 392, 20):
            image[row : row + 6, column : column + 6] = (180, 90, 150)

    assert said_of(image) == "tissue in 400 pieces"


def test_much_pen_and_much_black_are_odd():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[140:] = (30, 60, 160)
    image[:, 180:] = 0

    said = said_of(image)

    assert "of the slide is under a pen" in said
    assert "of the slide is a black edge" in said


def test_a_given_mask_is_odd_only_where_it_draws_nothing():
    nothing, all_of_it = np.zeros((3, 3), bool), np.ones((3, 3), bool)

    assert "draws no tissue" in oddities_of_given(TissueMask(nothing, 30, 30))
    assert oddities_of_given(TissueMask(all_of_it, 30, 30)) == ""


@pytest.mark.real_data
@pytest.mark.parametrize("preset", ["he", "ihc", "pale"])
def test_nothing_is_odd_about_real_slides(shared_data, preset):
    settings = TissueSettings(preset=preset)
    names = ("cmu-1-small-region.svs", "camelyon_jpeg.dcm")
    paths = [shared_data / "slides" / name for name in names]
    for path in [*paths, *sorted((shared_data / "mosaic").glob("centre_*/*.tif"))]:
        slide = OpenSlideSlide.of(SlideEntry(path.stem, path))
        thumbnail = slide.thumbnail(max(8.0, slide.pyramid.mpp))

        assert oddities(look(thumbnail, slide.pyramid, settings), settings) == ""


@pytest.mark.real_data
def test_a_real_slide_cut_down_to_its_tissue_is_not_odd(shared_data):
    path = shared_data / "slides" / "cmu-1-small-region.svs"
    thumbnail = OpenSlideSlide.of(SlideEntry("s", path)).thumbnail(8.0)

    assert said_of(thumbnail[120:185, 60:95], TissueSettings()) == ""
