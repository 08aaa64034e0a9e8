from __future__ import annotations

import numpy as np
import pytest

from layer2_train.centres import by_centre
from layer2_train.evaluation import Answers
from layer2_train.metrics import metrics
from layer2_train.origins import Origins
from layer2_train.pictures import draw_results


def answers(centre_names):
    labels = np.array([0, 1, 0, 1, 0, 1], np.int8)
    scores = np.linspace(0, 1, 6, dtype=np.float32)
    groups = np.arange(6)
    of = Origins(groups, "patients", np.array([0, 0, 0, 0, -1, -1]), centre_names, 6, 6)
    asked = {"threshold": 0.5, "replicates": 20}
    found = {
        **metrics(labels, scores, groups, **asked),
        "intervals_over": "patients",
        "centres": by_centre(labels, scores, of, **asked),
    }
    return Answers(labels, scores, found)


@pytest.mark.parametrize(
    ("found", "names"),
    [
        ({}, ["roc.png"]),
        ({"all": answers(())}, ["roc.png", "reliability.png", "confusion.png"]),
        (
            {"valid": answers(("0",)), "test": answers(())},
            ["roc.png", "reliability.png", "confusion.png", "centres.png"],
        ),
    ],
    ids=["nothing", "no centres", "centres"],
)
def test_there_is_a_picture_of_whatever_there_is_to_see(tmp_path, found, names):
    drawn = draw_results(found, tmp_path)

    assert [path.name for path in drawn] == names
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
