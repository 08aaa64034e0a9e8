from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from layer1_extract.phantom.truth import UNITS, truth_json


@pytest.fixture(scope="module")
def truth(positive):
    return json.loads(truth_json("a", "itc", positive))


def test_every_fact_about_a_nucleus_has_a_unit_and_a_value_for_each(truth, positive):
    assert truth["nuclei"].keys() == UNITS.keys() == truth["units"].keys()
    assert {len(column) for column in truth["nuclei"].values()} == {len(positive.nuclei)}


def test_centres_are_the_middles_of_pixels(truth, positive):
    centre = np.array([truth["nuclei"]["x"], truth["nuclei"]["y"]]).T

    np.testing.assert_array_equal(centre, positive.nuclei.xy + 0.5)


def test_the_summary_is_that_of_the_columns(truth):
    tumor = np.array(truth["nuclei"]["tumor"])
    area = np.array(truth["nuclei"]["area_um2"])

    assert truth["summary"]["tumor"]["count"] == tumor.sum()
    assert truth["summary"]["normal"]["area_um2_mean"] == pytest.approx(
        area[~tumor].mean(), abs=1e-3
    )
    assert truth["summary"]["tumor"]["area_um2_sd"] == pytest.approx(area[tumor].std(), abs=1e-3)


def test_areas_of_tissue_and_tumour_are_in_square_microns(truth, positive):
    regions = sum(shapely.Polygon(lesion).area for lesion in positive.anatomy.lesions)

    assert truth["tumor_um2"] == pytest.approx(regions / 16, abs=0.1)
    assert truth["tumor_um2"] < truth["tissue_um2"] < 1024**2 / 16


def test_what_a_negative_slide_lacks_is_null(negative):
    summary = json.loads(truth_json("b", "negative", negative))["summary"]["tumor"]

    assert summary["count"] == 0
    assert summary["texture_mean"] is None
