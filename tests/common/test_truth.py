from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile
from tiff_slides import asap, tissue_on_glass, write_slide

from common.annotations import Annotations
from common.cohort import SlideEntry
from common.errors import SlideError
from common.geometry import Pyramid
from common.truth import Truth, annotation_hash, check_place, truth_of

SLIDE = Pyramid(((100, 80),), mpp=0.5)
BOX = [(0, 0), (10, 0), (10, 10), (0, 10)]


@pytest.fixture
def entry(tmp_path):
    def make(label="", group="metastases", polygons=(BOX,), annotated=True, slide_id="s"):
        path = tmp_path / "s.xml"
        path.write_text(asap(polygons, group))
        annotation = path if annotated else None
        return SlideEntry(slide_id, Path("s.tif"), slide_label=label, annotation=annotation)

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


def test_outside_annotations_that_are_not_exhaustive_nothing_is_known(entry):
    truth = truth_of(entry("positive", slide_id="tumor_010"))
    xy = np.array([[0, 0], [8, 0], [40, 40]], np.int64)

    assert truth.classes == (-1, 1)
    assert truth.fraction(xy, 10).tolist() == pytest.approx([1, np.nan, np.nan], nan_ok=True)
    assert "not exhaustive" in truth.notes[0]
    assert truth.excluded == ""


def test_a_duplicate_is_excluded_and_says_why(entry):
    truth = truth_of(entry("positive", slide_id="test_049"))

    assert "duplicate" in truth.excluded
    assert truth.notes == (truth.excluded,)
    assert truth.classes == (-1,)


def test_a_relabelled_slide_has_its_right_label(entry):
    truth = truth_of(entry("negative", slide_id="Normal_086", annotated=False))

    assert truth.positive is True
    assert truth.classes == (-1,)
    assert truth_of(entry("negative", slide_id="normal_086")).regions is not None


@pytest.mark.parametrize("slide_id", ["test_049", "tumor_010"])
def test_a_user_may_take_the_slides_as_they_come(entry, slide_id):
    truth = truth_of(entry("positive", slide_id=slide_id), exceptions=False)

    assert truth.classes == (0, 1)
    assert (truth.excluded, truth.notes) == ("", ())


@pytest.fixture
def masked(tmp_path):
    """A slide whose mask, of half its size, marks its left half."""

    def make(value, label=""):
        slide = write_slide(tmp_path / "s.tif", tissue_on_glass(512, 256), levels=1)
        mask = np.zeros((128, 256), np.uint8)
        mask[:, :128] = value
        tifffile.imwrite(tmp_path / "s_mask.tif", mask, tile=(64, 64))
        annotation = tmp_path / "s_mask.tif"
        return SlideEntry("s", slide, slide_label=label, annotation=annotation)

    return make


def test_a_mask_finds_its_place_on_its_slide(masked):
    truth = truth_of(masked(255, "macro"))

    assert truth.regions.tumor.bounds == (0, 0, 256, 256)
    assert truth.fraction(np.array([[0, 0], [246, 0], [300, 0]]), 20).tolist() == [1, 0.5, 0]


def test_a_mask_of_doubtful_numbers_needs_them_stated(masked):
    with pytest.raises(SlideError, match="State it in the configuration as mask_tumor"):
        truth_of(masked(2))
    assert truth_of(masked(2), mask_tumor=2).positive is True
    assert truth_of(masked(1), mask_tumor=2).positive is False


def test_a_mask_whose_slide_is_gone_is_an_error_of_the_slide(masked):
    entry = masked(255)
    entry.path.unlink()

    with pytest.raises(SlideError, match="found no file"):
        truth_of(entry)


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


def test_where_nothing_is_drawn_nothing_is_doubtful():
    assert not Truth(positive=False).doubtful(CORNERS, 5).any()


def test_what_is_marked_uncertain_is_doubtful():
    square = shapely.MultiPolygon([shapely.box(0, 0, 1000, 1000)])
    truth = Truth(True, Annotations(square, {}, {}, square))

    assert truth.doubtful(CORNERS, 5).all()
    assert np.isnan(truth.fraction(CORNERS, 5)).all()
