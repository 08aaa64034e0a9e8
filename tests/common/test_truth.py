from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiff_slides import asap

from common.cohort import SlideEntry
from common.errors import SlideError
from common.geometry import Pyramid
from common.truth import Truth, annotation_hash, check_place, truth_of

SLIDE = Pyramid(((100, 80),), mpp=0.5)
BOX = [(0, 0), (10, 0), (10, 10), (0, 10)]


@pytest.fixture
def entry(tmp_path):
    def make(label="", group="metastases", polygons=(BOX,), annotated=True):
        path = tmp_path / "s.xml"
        path.write_text(asap(polygons, group))
        annotation = path if annotated else None
        return SlideEntry("s", Path("s.tif"), slide_label=label, annotation=annotation)

    return make


def test_an_annotated_slide_has_regions(entry):
    assert truth_of(entry("macro")).regions is not None
    assert truth_of(entry("")).classes == (0, 1)


def test_a_negative_slide_needs_no_annotation(entry):
    assert truth_of(entry("negative", annotated=False)).classes == (0,)


def test_a_positive_slide_without_annotation_is_unknown(entry):
    assert truth_of(entry("macro", annotated=False)).classes == (-1,)


def test_an_annotation_that_names_no_class_leaves_the_labels_unknown(entry, caplog):
    truth = truth_of(entry("", group="something else"))

    assert truth.classes == (-1,)
    assert "named tumour or not tumour" in caplog.text


def test_a_negative_slide_with_tumour_regions_is_refused(entry):
    with pytest.raises(
        SlideError, match=r"s\.xml: .* expected no tumour, as slide_label is negative"
    ):
        truth_of(entry("negative"))


def test_a_positive_slide_whose_annotation_has_no_tumour_is_refused(entry):
    with pytest.raises(SlideError, match="expected tumour, as slide_label is macro, found none"):
        truth_of(entry("macro", group="normal"))


def test_a_named_annotation_that_is_missing_is_an_error_of_the_slide(tmp_path):
    entry = SlideEntry("s", Path("s.tif"), annotation=tmp_path / "absent.xml")

    with pytest.raises(SlideError, match="absent"):
        truth_of(entry)


def test_tumour_beside_the_slide_is_refused_and_tumour_across_its_edge_told(entry, caplog):
    beside = [(500, 500), (600, 500), (600, 600)]
    across = [(50, 50), (150, 50), (150, 150)]

    for polygon in (beside, across):
        annotated = entry("macro", polygons=[polygon])
        truth = truth_of(annotated)
        if polygon is across:
            check_place(annotated, truth, SLIDE)
        else:
            with pytest.raises(SlideError, match=r"100 x 80 px, found tumour from \(500, 500"):
                check_place(annotated, truth, SLIDE)
    assert "leaves the slide" in caplog.text


def test_the_hash_of_an_annotation_is_that_of_its_bytes(entry):
    one, other = entry("macro"), entry("macro", annotated=False)

    assert len(annotation_hash(one)) == 64
    assert annotation_hash(other) == ""


CORNERS = np.array([[0, 0], [10, 10]], np.int64)


class Half:
    """Regions that cover half of everything."""

    def fraction(self, xy, _edge):
        return np.full(len(xy), 0.5, np.float32)

    def outlines(self):
        return [np.zeros((4, 2))]


def test_a_slide_without_annotation_is_not_taken_for_normal():
    assert Truth().classes == (-1,)
    assert np.isnan(Truth().fraction(CORNERS, 5)).all()


def test_a_negative_slide_gives_normal_patches_only():
    assert Truth(positive=False).classes == (0,)
    assert Truth(positive=False).fraction(CORNERS, 5).tolist() == [0, 0]
    assert Truth(positive=False).outlines() == []


def test_an_annotated_slide_gives_both_classes():
    truth = Truth(regions=Half())

    assert truth.classes == (0, 1)
    assert truth.fraction(CORNERS, 5).tolist() == [0.5, 0.5]
    assert len(truth.outlines()) == 1
