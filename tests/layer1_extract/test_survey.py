from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.errors import ConfigError, SlideError
from common.patches import PatchSpec
from layer1_extract.config import ExtractSettings, PatchSettings
from layer1_extract.survey import survey


@pytest.fixture
def entry(tmp_path):
    return SlideEntry("s", write_slide(tmp_path / "s.tif", tissue_on_glass(), mpp=0.5))


def settings(mpp):
    return ExtractSettings(patch=PatchSettings(size=32, mpp=mpp))


def test_native_takes_the_slides_own_scale(entry):
    assert survey(entry, settings("native")).spec.mpp == pytest.approx(0.5)


def test_a_scale_within_two_percent_is_the_slides_own(entry):
    known = survey(entry, settings(0.505))

    assert known.spec.mpp == pytest.approx(0.5)
    assert known.edge == 32


def test_a_coarser_scale_is_taken_as_asked(entry):
    known = survey(entry, settings(1.3))

    assert known.spec == PatchSpec(32, 1.3)
    assert known.edge == round(32 * 1.3 / 0.5)


def test_a_finer_scale_than_the_slide_holds_is_refused_before_any_work(entry):
    with pytest.raises(SlideError, match=r"patch\.mpp"):
        survey(entry, settings(0.25))


def box(x0, y0, x1, y1, name):
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"classification": {"name": name}},
    }


@pytest.fixture
def masks(tmp_path):
    """A folder with a mask of slide ``s``: tissue of 320 x 160 px, a third of it under a pen."""
    folder = tmp_path / "masks"
    folder.mkdir()
    features = [box(0, 0, 320, 160, "Tissue"), box(0, 0, 107, 160, "Pen")]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "s.geojson").write_text(text)
    return folder


def test_a_mask_that_was_given_is_taken_instead_of_finding_one(entry, masks):
    known = survey(entry, settings("native"), masks)

    assert known.mask_source == "given"
    assert known.notes == ("tissue as given in masks/s.geojson",)
    corners = np.array([[160, 32], [16, 32], [400, 300]])
    assert known.mask.coverage(corners, 32).tolist() == [1, 0, 0]
    assert known.mask.pen_coverage(corners, 32).tolist() == [0, 1, 0]


def test_a_slide_without_a_mask_of_its_own_is_looked_at_and_that_is_said(entry, masks):
    known = survey(replace(entry, slide_id="other"), settings("native"), masks)

    assert known.mask_source == "found"
    assert known.notes == ("no mask given in masks: tissue was found",)
    assert known.mask.coverage(np.array([[300, 200]]), 32) == 1


def test_a_given_mask_without_tissue_is_suspect(entry, masks):
    (masks / "s.geojson").write_text('{"type": "FeatureCollection", "features": []}')

    assert "draws no tissue" in survey(entry, settings("native"), masks).suspect


def test_a_given_mask_that_cannot_be_read_fails_the_slide(entry, masks):
    (masks / "s.geojson").write_text("tissue")

    with pytest.raises(SlideError, match=r"s\.geojson"):
        survey(entry, settings("native"), masks)


def test_a_folder_of_masks_that_is_not_there_is_refused(entry, tmp_path):
    with pytest.raises(ConfigError, match="--masks"):
        survey(entry, settings("native"), tmp_path / "nowhere")


def test_nothing_is_odd_about_a_good_slide(entry):
    known = survey(entry, settings("native"))

    assert (known.suspect, known.mask_source, known.notes) == ("", "found", ())


def test_a_slide_of_glass_alone_is_suspect(tmp_path):
    glass = np.random.default_rng(0).integers(238, 246, (512, 512, 3)).astype(np.uint8)
    entry = SlideEntry("g", write_slide(tmp_path / "g.tif", glass, mpp=0.5))

    assert survey(entry, settings("native")).suspect == "no tissue found"


@pytest.mark.real_data
def test_a_real_region_of_a_slide_is_taken_as_it_is(shared_data):
    path = shared_data / "slides" / "cmu-1-small-region.svs"

    known = survey(SlideEntry("cmu", path), settings("native"))

    assert known.suspect == ""
    assert known.mask.pen_fraction == 0
    assert known.mask.fraction == pytest.approx(0.40, abs=0.03)
    corners = np.array([[1000, 2000], [200, 200], [1900, 400]])
    assert known.mask.coverage(corners, 200).tolist() == [1, 0, 0]
