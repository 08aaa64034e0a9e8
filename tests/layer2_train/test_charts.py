from __future__ import annotations

import cv2
import numpy as np
import pytest
from matplotlib.text import Text

from layer2_train.canvas import save
from layer2_train.charts import draw_centres, draw_confusion
from layer2_train.evaluation import Answers


def interval(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def rates(value, low=None, high=None, groups=9):
    names = ("auc", "sensitivity", "specificity")
    return {"groups": groups, **{name: interval(value, low, high) for name in names}}


def answers(centres, counts=(40, 10, 5, 45), threshold=0.4):
    names = ("true_negative", "false_positive", "false_negative", "true_positive")
    found = {
        **rates(0.85, 0.8, 0.9),
        "threshold": threshold,
        "intervals_over": "patients",
        "confusion": dict(zip(names, counts, strict=True)),
        "centres": centres,
    }
    return Answers(np.empty(0, np.int8), np.empty(0, np.float32), found)


def shape(path):
    return cv2.imread(str(path)).shape[:2]


def darkness(path):
    return 255 - cv2.imread(str(path)).mean()


def test_a_confusion_matrix_is_drawn_for_each_split(tmp_path):
    draw_confusion({"valid": answers({})}, tmp_path / "one.png")
    draw_confusion({"valid": answers({}), "test": answers({})}, tmp_path / "two.png")

    assert shape(tmp_path / "two.png")[1] > 1.6 * shape(tmp_path / "one.png")[1]


@pytest.mark.parametrize("counts", [(0, 0, 5, 45), (0, 0, 0, 0)])
def test_a_class_that_is_missing_is_drawn_as_nothing(tmp_path, counts):
    draw_confusion({"test": answers({}, counts)}, tmp_path / "none.png")
    draw_confusion({"test": answers({})}, tmp_path / "some.png")

    assert darkness(tmp_path / "none.png") < darkness(tmp_path / "some.png")


def test_every_centre_has_a_row(tmp_path):
    few = {"0": rates(0.9, 0.8, 1.0)}
    many = {str(n): rates(0.5 + 0.05 * n, 0.3, 0.9) for n in range(5)}

    draw_centres({"test": answers(few)}, tmp_path / "few.png")
    draw_centres({"test": answers(many)}, tmp_path / "many.png")

    assert shape(tmp_path / "many.png")[0] > shape(tmp_path / "few.png")[0]


def test_what_is_undefined_in_a_centre_or_missing_in_a_split_is_drawn(tmp_path):
    valid = answers({"0": rates(None), "1": rates(0.9)})
    test = answers({"2": rates(0.9, 0.85, 0.95)})

    draw_centres({"valid": valid, "test": test}, tmp_path / "centres.png")

    assert darkness(tmp_path / "centres.png") > 1


def letters(monkeypatch):
    """All that is written on figures from now on, filled as they are saved."""
    found = []

    def look(figure, path):
        save(figure, path)
        found.extend(text.get_text() for text in figure.findobj(Text) if text.get_text())

    monkeypatch.setattr("layer2_train.charts.save", look)
    return found


def test_a_centre_of_few_patients_says_how_many_its_intervals_are_over(tmp_path, monkeypatch):
    found = letters(monkeypatch)
    centres = {"0": rates(0.9, 0.8, 1.0, groups=2), "1": rates(0.9, 0.8, 1.0, groups=5)}

    draw_centres({"test": answers(centres)}, tmp_path / "centres.png")

    assert [text for text in found if text.startswith("over")] == ["over 2 patients"]


def test_a_threshold_just_below_one_is_not_drawn_as_one(tmp_path, monkeypatch):
    found = letters(monkeypatch)

    draw_confusion({"test": answers({}, threshold=0.99998)}, tmp_path / "confusion.png")

    assert "test, tumour from 0.99998 on" in found
