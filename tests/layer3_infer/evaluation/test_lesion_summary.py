from __future__ import annotations

import shapely

from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation.comparison import SlideComparison
from layer3_infer.evaluation.lesion_summary import of_classes, of_lesions
from layer3_infer.evaluation.lesions import Lesion

QUICK = EvaluateSettings(replicates=20)


def lesion(extent_um):
    return Lesion(shapely.box(0, 0, 1, 1), extent_um, extent_um)


def test_lesions_are_counted_by_kind_and_the_largest_is_told():
    one = SlideComparison("a", annotated=[lesion(150), lesion(900.04), lesion(199)], found=[2500.0])

    found = of_lesions([one, SlideComparison("b")])

    assert found == {
        "a": {
            "annotated": {"itc": 2, "micro": 1, "macro": 0, "largest_um": 900.0},
            "found": {"itc": 0, "micro": 0, "macro": 1, "largest_um": 2500.0},
        }
    }


def test_slides_whose_class_is_not_known_or_not_said_are_not_in_the_table():
    compared = [
        SlideComparison("a", "p", known_class="macro", said_class="micro"),
        SlideComparison("b", "q", known_class="negative", said_class="negative"),
        SlideComparison("c", "q", known_class=None, said_class="itc"),
        SlideComparison("d", "q", known_class="itc", said_class=None),
    ]

    found = of_classes(compared, QUICK)

    assert found["confusion"] == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert found["by_slide"]["c"] == {"known": None, "said": "itc"}
    assert 0 < found["kappa"]["value"] < 1
