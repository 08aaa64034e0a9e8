from __future__ import annotations

import cv2
import numpy as np
import pytest
from tiff_slides import GLASS, PINK, tissue_on_glass

from common.cohort import SlideEntry
from common.geometry import Pyramid
from common.openslide_slide import OpenSlideSlide
from common.tissue import TissueSettings, find_tissue, look

SETTINGS = TissueSettings(min_area_um2=1000, close_um=16)
METHODS = ["otsu", "otsu_saturation", "otsu_density"]


def slide_of(image, mpp=8.0):
    return Pyramid(((image.shape[1], image.shape[0]),), mpp)


@pytest.mark.parametrize("method", METHODS)
def test_tissue_is_found_where_it_is_and_nowhere_else(method):
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))

    mask = find_tissue(image, slide_of(image), SETTINGS.model_copy(update={"method": method}))

    truth = np.zeros((192, 256), bool)
    truth[32:128, 64:160] = True
    assert (mask.tissue == truth).mean() > 0.995


@pytest.mark.parametrize("preset", ["he", "ihc", "pale"])
@pytest.mark.parametrize("lamp", [(240, 240, 240), (244, 240, 230), (226, 223, 229)])
def test_glass_alone_has_no_tissue_whatever_its_tint(preset, lamp):
    noise = np.random.default_rng(0).integers(-3, 4, (200, 200, 1))
    glass = (np.array(lamp) + noise).astype(np.uint8)

    found = look(glass, slide_of(glass), TissueSettings(preset=preset))

    assert found.mask.fraction == 0
    assert found.median_density == 0


def test_a_slide_full_of_tissue_is_not_halved():
    full = tissue_on_glass(200, 200, box=(0, 0, 200, 200))

    assert find_tissue(full, slide_of(full), SETTINGS).fraction == 1


def test_pale_tissue_beside_dark_is_kept():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[32:128, 64:112] = (120, 60, 140)
    image[32:128, 112:160] = (224, 206, 222)

    mask = find_tissue(image, slide_of(image), SETTINGS)

    assert mask.tissue[40:120, 115:155].all()


def test_grey_dust_is_no_tissue():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[140:180, 20:60] = 190

    assert not find_tissue(image, slide_of(image), SETTINGS).tissue[135:, :].any()


def test_specks_are_dropped_and_small_holes_filled():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[10:12, 10:12] = (225, 100, 190)
    image[70:73, 100:103] = 243

    mask = find_tissue(image, slide_of(image), SETTINGS)

    assert not mask.tissue[:20, :20].any()
    assert mask.tissue[65:80, 95:110].all()


def test_tissue_near_the_edge_is_not_drawn_out_to_it():
    image = tissue_on_glass(256, 192, box=(64, 2, 160, 128))

    mask = find_tissue(image, slide_of(image), TissueSettings(min_area_um2=0, close_um=80))

    assert not mask.tissue[0].any()


def test_a_black_frame_is_neither_tissue_nor_pen():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[:, 220:] = 4
    image[:12] = 0

    found = look(image, slide_of(image), SETTINGS)

    black = np.zeros((192, 256), bool)
    black[:, 220:] = black[:12] = True
    assert not (found.mask.tissue & black).any()
    assert not found.mask.pen.any()
    assert found.black_fraction == pytest.approx(black.mean(), abs=0.02)
    assert found.mask.tissue[32:128, 64:160].mean() > 0.999


def test_pen_is_never_tissue_and_does_not_move_the_threshold():
    clean = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    marked = clean.copy()
    cv2.line(marked, (20, 20), (200, 150), (30, 60, 160), 5)

    before = find_tissue(clean, slide_of(clean), SETTINGS)
    after = find_tissue(marked, slide_of(clean), SETTINGS)

    assert after.pen[85, 110]
    assert not (after.tissue & after.pen).any()
    assert (after.tissue == before.tissue)[~after.pen].all()


def test_what_was_found_is_described():
    image = np.full((100, 100, 3), GLASS, np.uint8)
    image[:, :50] = PINK

    found = look(image, slide_of(image), SETTINGS)

    density = -np.log10(np.array(PINK) / 243).mean()
    assert found.median_density == pytest.approx(density, abs=0.005)
    assert found.density_spread < 0.01


@pytest.mark.real_data
@pytest.mark.parametrize(("preset", "least"), [("he", 0.98), ("ihc", 0.985), ("pale", 0.99)])
def test_the_pale_cells_of_real_slides_are_found_and_no_glass(
    shared_data, mosaic_truth, preset, least
):
    tissue_cells = found_cells = glass_cells = 0
    for path in sorted((shared_data / "mosaic").glob("centre_*/*.tif")):
        slide = OpenSlideSlide.of(SlideEntry(path.stem, path))
        mask = find_tissue(slide.thumbnail(8.0), slide.pyramid, TissueSettings(preset=preset))
        rows, columns = np.indices((34, 34))
        corners = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.int64) * 96
        found = mask.coverage(corners, 96).reshape(34, 34) >= 0.25
        truth = mosaic_truth(path.stem)["tissue"]
        tissue_cells += truth.sum()
        found_cells += (found & truth).sum()
        glass_cells += (found & ~truth).sum()

    assert found_cells / tissue_cells > least
    assert glass_cells == 0
