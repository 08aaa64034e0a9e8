from __future__ import annotations

import pytest

from common.errors import ContractError
from layer3_infer.evaluation.given_scores import read_predictions, read_scores


def table(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    ["slide_id,score\na,1\nb,-3.5\n", "image,p\na.tif,1\nslides/b.svs,-3.5\n", "a,1\nb,-3.5"],
)
def test_scores_of_slides_have_any_scale_and_any_of_their_names(tmp_path, text):
    assert read_scores(table(tmp_path, text)) == {"a": 1, "b": -3.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,1\na.tif,2\n",
            "line 2: slide_id: expected each slide or patient once, found 'a' again",
        ),
        ("a,nan\n", "line 1: score: expected a number, found 'nan'"),
        (",1\n", "line 1: slide_id: expected a name, found nothing"),
    ],
)
def test_scores_with_a_mistake_are_refused_by_line(tmp_path, text, message):
    with pytest.raises(ContractError, match=message):
        read_scores(table(tmp_path, text))


def test_a_slide_model_says_scores_classes_and_what_it_was_trained_on(tmp_path):
    found = read_predictions(
        table(
            tmp_path,
            "slide_id,patient,score,class,seen_in_split,reason\n"
            "a,p,0.9,macro,train,\nb,p,0.1,negative,test,\nc,q,,,,it failed\n",
        )
    )

    assert found.scores == {"a": 0.9, "b": 0.1}
    assert found.classes == {"a": "macro", "b": "negative"}
    assert found.trained_on == ("a",)


def test_a_slide_model_of_two_classes_says_nothing_of_size(tmp_path):
    path = table(tmp_path, "slide_id,patient,score,class\na,p,0.9,positive\nb,p,0.1,negative\n")

    assert read_predictions(path).classes == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,p,0.9,huge", "line 2: class: expected one of negative, itc, micro, macro, positive"),
        ("a,p,high,macro", "line 2: score: expected a number"),
        ("a,p,1,macro\na,p,1,macro", "line 3: slide_id: expected each"),
    ],
)
def test_predictions_with_a_mistake_are_refused_by_line(tmp_path, line, message):
    with pytest.raises(ContractError, match=message):
        read_predictions(table(tmp_path, f"slide_id,patient,score,class\n{line}\n"))
