from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from layer3_infer.patient_score import patient_scores, patients_csv
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_score import SlideScores


def slide(slide_id, patient="", score=None, seen=""):
    scores = SlideScores(0 if score is None else 5, maximum=score)
    return SlideResult(slide_id, "done", patient=patient, scores=scores, seen_in_split=seen)


def test_a_patient_is_as_suspect_as_the_most_suspect_slide():
    found = patient_scores([slide("b", "p1", 0.9), slide("a", "p1", 0.2), slide("c", "p0", 0.4)])

    assert [(one.patient, one.score, one.highest_slide) for one in found] == [
        ("p0", 0.4, "c"),
        ("p1", 0.9, "b"),
    ]
    assert (found[1].slides, found[1].slide_ids) == (2, "a; b")


def test_slides_of_unknown_patients_stand_for_themselves():
    found = patient_scores([slide("z", "", 0.9), slide("y", "", 0.1), slide("x", "zz", 0.3)])

    assert [(one.patient, one.slide_ids) for one in found] == [("zz", "x"), ("", "y"), ("", "z")]


def test_slides_without_a_score_are_counted_and_do_not_lower_it():
    (some,) = patient_scores([slide("a", "p"), slide("b", "p", 0.0)])
    (none,) = patient_scores([slide("a", "p")])

    assert (some.slides, some.scored, some.score, some.highest_slide) == (2, 1, 0.0, "b")
    assert (none.slides, none.scored, none.score, none.highest_slide) == (1, 0, None, "")


def test_slides_seen_in_training_are_counted():
    seen = [
        slide("a", "p", 0.5, "train"),
        slide("b", "p", 0.4, "valid"),
        slide("c", "p", 1, "test"),
    ]

    assert patient_scores(seen)[0].slides_seen_in_training == 2


def test_the_table_has_a_row_per_patient_and_leaves_unknown_cells_empty():
    rows = list(csv.DictReader(io.StringIO(patients_csv([slide("a", "p,1", 0.5), slide("b")]))))

    assert [row["patient"] for row in rows] == ["p,1", ""]
    assert [row["score"] for row in rows] == ["0.5", ""]
    assert rows[1]["slide_ids"] == "b"
    assert patients_csv([]).count("\n") == 1


@given(
    st.lists(st.tuples(st.sampled_from(["", "p", "q"]), st.floats(0, 1)), max_size=8), st.randoms()
)
def test_the_order_of_slides_does_not_matter(given_slides, random):
    results = [slide(str(i), patient, score) for i, (patient, score) in enumerate(given_slides)]
    shuffled = random.sample(results, len(results))

    assert patients_csv(shuffled) == patients_csv(results)
    assert sum(one.slides for one in patient_scores(results)) == len(results)
