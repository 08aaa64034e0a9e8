from __future__ import annotations

import dataclasses

import pytest

from common.cohort import read_cohort
from common.errors import SlideError
from common.geometry import Pyramid
from layer3_infer.viewer.annotated import annotated_shapes

SLIDE = Pyramid(((1024, 768),), 0.5)


@pytest.fixture
def entries(cohort_csv):
    return {entry.slide_id: entry for entry in read_cohort(cohort_csv)}


def test_an_annotation_gives_its_outlines(entries):
    (shape,) = annotated_shapes(entries["green"], SLIDE, 0.5)

    assert shape.box == (320, 192, 128, 128)


def test_a_slide_without_annotation_has_none(entries):
    assert annotated_shapes(entries["pink"], SLIDE, 0.5) == ()
    assert annotated_shapes(None, SLIDE, 0.5) == ()


def test_an_annotation_that_cannot_be_read_is_named(entries, tmp_path):
    broken = tmp_path / "broken.xml"
    broken.write_text("<half")

    with pytest.raises(SlideError, match=r"broken\.xml"):
        annotated_shapes(dataclasses.replace(entries["green"], annotation=broken), SLIDE, 0.5)
