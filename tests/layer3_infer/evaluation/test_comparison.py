from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from common.annotations import Annotations
from common.cohort import SlideEntry
from common.truth import Truth
from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation.answers import Given, read_answers
from layer3_infer.evaluation.comparison import SlideComparison, compare, known_class
from layer3_infer.evaluation.lesions import find_lesions

SETTINGS = EvaluateSettings()
SQUARE = shapely.MultiPolygon([shapely.box(256, 256, 576, 576)])
DRAWN = Annotations(SQUARE, {"tumor": 1}, {})


def entry(slide_id="b_0", label="", mpp=None):
    return SlideEntry(slide_id, Path("none.tif"), slide_label=label, mpp=mpp)


@pytest.fixture
def answers(right):
    return read_answers(right, Given())


@pytest.mark.parametrize(
    ("label", "truth", "expected"),
    [
        ("", Truth(positive=False), "negative"),
        ("macro", Truth(True, DRAWN), "macro"),
        ("positive", Truth(True, DRAWN), "micro"),
        ("", Truth(True, DRAWN), "micro"),
        ("positive", Truth(True, DRAWN, exhaustive=False), None),
        ("positive", Truth(True), None),
        ("", Truth(), None),
        ("micro", Truth(excluded="a duplicate"), None),
    ],
)
def test_the_class_is_the_labels_or_that_of_the_largest_lesion(label, truth, expected):
    annotated = find_lesions(truth.regions.tumor, 1.0) if truth.regions else None

    assert known_class(entry(label=label), truth, annotated) == expected


@pytest.mark.parametrize(
    ("truth", "why"),
    [
        (Truth(True, DRAWN), ""),
        (Truth(positive=False), ""),
        (Truth(True), "it has tumour, and no annotation says where"),
        (Truth(reason="no annotation"), "no annotation"),
        (Truth(True, DRAWN, exhaustive=False), "its annotations are not exhaustive"),
        (Truth(excluded="a duplicate", reason="a duplicate"), "a duplicate"),
    ],
)
def test_detections_are_called_right_or_wrong_only_where_all_tumour_is_known(answers, truth, why):
    one = compare(entry(), truth, answers, SETTINGS)

    assert one.no_hits.startswith(why)
    assert (one.hits is None) == bool(why)


def test_lesions_are_measured_at_the_scale_of_the_heatmap(answers):
    one = compare(entry(mpp=0.1), Truth(True, DRAWN), answers, SETTINGS)

    assert one.annotated[0].extent_um == pytest.approx(np.hypot(320, 320))
    assert one.said_class == "micro"


def test_a_slide_without_any_answer_has_none(answers):
    one = compare(entry("other", mpp=1.0), Truth(True, DRAWN), answers, SETTINGS)

    assert (one.patches, one.found, one.score, one.said_class) == (None, None, None, None)
    assert one.no_hits == "no detections of it were given"


def test_a_threshold_beyond_every_patch_leaves_no_lesion(answers):
    one = compare(entry(), Truth(True, DRAWN), answers, EvaluateSettings(threshold=0.95))

    assert (one.found, one.said_class) == ([], "negative")


def test_slides_of_one_patient_are_drawn_together_and_of_none_alone():
    assert SlideComparison("a", "p").group == SlideComparison("b", "p").group
    assert SlideComparison("a").group != SlideComparison("b").group
