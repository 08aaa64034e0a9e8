from __future__ import annotations

import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.slide_reader import slide_of
from layer1_extract.inputs import differing, inputs_of, mpp_in

FOUND = {"mask_sha256": "", "kept_mask_sha256": "a", "split": ""}
FOUND_BY_OLDER = {"mask_sha256": "", "split": ""}
GIVEN = {"mask_sha256": "a", "kept_mask_sha256": "a", "split": ""}
GIVEN_TO_OLDER = {"mask_sha256": "a", "split": ""}
OTHER = {"mask_sha256": "b", "kept_mask_sha256": "b", "split": ""}


SAME = [
    (FOUND, GIVEN),
    (GIVEN, FOUND),
    (GIVEN_TO_OLDER, GIVEN),
    (FOUND_BY_OLDER, FOUND),
    (FOUND, FOUND_BY_OLDER),
    (OTHER, OTHER),
]
DIFFERENT = [
    (FOUND, OTHER),
    (GIVEN, OTHER),
    (GIVEN_TO_OLDER, OTHER),
    (FOUND_BY_OLDER, GIVEN),
    (GIVEN, FOUND_BY_OLDER),
]


@pytest.mark.parametrize(("before", "now"), SAME)
def test_masks_of_the_same_bytes_are_the_same_however_they_came_to_be(before, now):
    assert differing(before, now) == []


@pytest.mark.parametrize(("before", "now"), DIFFERENT)
def test_other_masks_differ_and_those_that_are_not_known_too(before, now):
    assert differing(before, now) in (["mask_sha256"], ["kept_mask_sha256"])


def test_whatever_else_differs_is_named(tmp_path):
    assert differing(FOUND, {**FOUND, "split": "test", "new": "x"}) == ["new", "split"]


def test_the_mask_that_is_kept_is_known_beforehand_only_where_one_is_given(tmp_path):
    entry = SlideEntry("s", write_slide(tmp_path / "s.tif", tissue_on_glass()))

    found, given = inputs_of(entry, slide_of(entry)), inputs_of(entry, slide_of(entry), "a")

    assert (found["mask_sha256"], "kept_mask_sha256" in found) == ("", False)
    assert (given["mask_sha256"], given["kept_mask_sha256"]) == ("a", "a")


def test_the_scale_is_read_back_where_it_was_written(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    slide = slide_of(SlideEntry("s", path))

    assert mpp_in(inputs_of(SlideEntry("s", path), slide)) == slide.pyramid.mpp
    assert mpp_in({}) is None
