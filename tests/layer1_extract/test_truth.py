from __future__ import annotations

from pathlib import Path

import pytest
from tiff_slides import asap

from common.cohort import SlideEntry
from common.errors import SlideError
from layer1_extract.truth import truth_of

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
    assert "labels are not known" in caplog.text


def test_a_negative_slide_with_tumour_regions_is_refused(entry):
    with pytest.raises(
        SlideError, match=r"s\.xml: .* expected no tumour, as the slide is negative"
    ):
        truth_of(entry("negative"))


def test_a_positive_slide_whose_annotation_has_no_tumour_is_refused(entry):
    with pytest.raises(SlideError, match="expected tumour, as the slide is macro, found none"):
        truth_of(entry("macro", group="normal"))


def test_a_named_annotation_that_is_missing_is_an_error_of_the_slide(tmp_path):
    entry = SlideEntry("s", Path("s.tif"), annotation=tmp_path / "absent.xml")

    with pytest.raises(SlideError, match="absent"):
        truth_of(entry)
