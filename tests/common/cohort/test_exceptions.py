from __future__ import annotations

import pytest

from common.cohort.entry import SLIDE_LABELS
from common.cohort.exceptions import DUPLICATE, NOT_EXHAUSTIVE, RELABELLED, exception_of
from common.cohort.exceptions import known_exceptions as known


def test_every_exception_names_its_slide_what_it_is_and_who_says_so():
    for slide_id, one in known().items():
        assert slide_id == one.slide_id == slide_id.lower()
        assert one.what in (DUPLICATE, NOT_EXHAUSTIVE, RELABELLED)
        assert one.cohort in one.note
        assert one.reason
        assert one.source
        assert (one.slide_label in SLIDE_LABELS) == (one.what == RELABELLED)


def test_the_slides_that_camelyon16_names_are_known():
    said = [one.what for one in known().values()]

    assert said.count(NOT_EXHAUSTIVE) == 21
    assert {one.slide_id for one in known().values() if one.what != NOT_EXHAUSTIVE} == {
        "test_049",
        "normal_86",
        "normal_086",
    }


@pytest.mark.parametrize("slide_id", ["tumor_010", "Tumor_010", "TEST_114"])
def test_a_slide_is_known_in_every_spelling_of_the_releases(slide_id):
    assert exception_of(slide_id).what == NOT_EXHAUSTIVE


@pytest.mark.parametrize("slide_id", ["tumor_0100", "my_tumor_010", "tumor_010 ", "tumor_011", ""])
def test_no_other_slide_is_taken_for_one_of_them(slide_id):
    assert exception_of(slide_id) is None


def test_a_note_says_it_in_a_line():
    assert exception_of("normal_086").note == (
        "known of CAMELYON16's normal_086: relabelled positive: misclassified at first, and "
        "published again as tumor_111"
    )
