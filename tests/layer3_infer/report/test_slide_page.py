from __future__ import annotations

import base64
import shutil

import cv2
import numpy as np
import pytest
from slide_predictions import write_predictions

from common.cohort import read_cohort
from layer3_infer.blending import blend, spread
from layer3_infer.config import ReportSettings
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.report.names import Names
from layer3_infer.report.recorded import Recorded
from layer3_infer.report.slide_page import slide_html, slide_page

SETTINGS = ReportSettings()


@pytest.fixture(scope="module")
def recorded(finished):
    return Recorded.of(finished)


def page_of(recorded, slide_id, entry=None):
    (result,) = [one for one in recorded.results if one.slide_id == slide_id]
    return slide_page(recorded, result, SETTINGS, entry)


def decoded(picture):
    data = base64.b64decode(picture.address.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_heatmap_lies_on_the_slide_pixel_for_pixel(recorded):
    scene = page_of(recorded, "green").pictures.scene

    slide, heat = decoded(scene.slide.picture), decoded(scene.heat.picture)
    green = (slide[..., 1].astype(int) - slide[..., 2]) > 60
    yellow = (heat[..., 2] > 200) & (heat[..., 3] > 150)
    assert slide.shape[:2] == heat.shape[:2]
    assert (green == yellow).mean() > 0.995


def test_slide_and_layer_together_are_the_overlay(recorded):
    scene = page_of(recorded, "green").pictures.scene
    slide = decoded(scene.slide.picture)[..., ::-1].astype(float)
    heat = decoded(scene.heat.picture).astype(float)
    opacity = heat[..., 3:] / 255

    shown = slide * (1 - opacity) + heat[..., 2::-1] * opacity

    made = read_heatmap(recorded.folder.heatmap("green"))
    whole = spread(made.heatmap, _pyramid(made), slide.shape[:2])
    expected = blend(slide.astype(np.uint8), whole).astype(float)
    inside = ~(expected == (40, 40, 40)).all(axis=-1)  # the thin line around is the overlay's own
    assert np.abs(shown - expected)[inside].max() <= 3


def _pyramid(made):
    from common.geometry import Pyramid

    return Pyramid(((made.header.level0_width, made.header.level0_height),), 0.5)


def test_an_annotation_that_cannot_be_read_is_a_caution(recorded, cohort_csv, tmp_path):
    (entry,) = [one for one in read_cohort(cohort_csv) if one.slide_id == "green"]
    broken = tmp_path / "broken.xml"
    broken.write_text("<half")

    page = page_of(recorded, "green", type(entry)("green", entry.path, annotation=broken))

    assert page.pictures.scene.annotations == ()
    assert page.cautions[-1].text.startswith("annotation not drawn")


def test_what_a_slide_model_says_is_told_without_names_where_they_are_hidden(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "copy")
    reason = "/data/Müller Anna/Müller-1234567.heatmap.h5: expected a heatmap, found nothing"
    write_predictions(
        folder, f'slide_id,patient,score,class,reason\ngreen,p1,0.9,macro,"{reason}"\n'
    )
    recorded = Recorded.of(folder)
    page = page_of(recorded, "green")

    plain = slide_html(page, recorded, Names(), "../report.html", SETTINGS)
    hidden = slide_html(
        page, recorded, Names.anonymous(recorded.results), "../report.html", SETTINGS
    )

    assert reason in plain
    assert "Müller" not in hidden
    assert "(file): expected a heatmap, found nothing" in hidden


def test_hashes_that_point_at_the_slide_are_left_out_where_names_are(recorded):
    page = page_of(recorded, "green")

    plain = slide_html(page, recorded, Names(), "../report.html", SETTINGS)
    hidden = slide_html(
        page, recorded, Names.anonymous(recorded.results), "../report.html", SETTINGS
    )

    fingerprint = page.result.inputs["slide_fingerprint"]
    assert fingerprint in plain
    assert fingerprint not in hidden
    assert "green.geojson" in plain
    assert "green" not in hidden.replace("greenness", "")
