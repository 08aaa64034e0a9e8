from __future__ import annotations

import cv2
import numpy as np

from layer2_train.curves import draw_history, draw_reliability, draw_roc
from layer2_train.evaluation import Answers
from layer2_train.history import Epoch
from layer2_train.metrics import metrics


def is_picture(path):
    pixels = cv2.imread(str(path))
    return pixels is not None and min(pixels.shape[:2]) > 300 and pixels.std() > 5


def answers(labels):
    labels = np.array(labels, np.int8)
    scores = np.linspace(0, 1, len(labels), dtype=np.float32)
    found = metrics(labels, scores, np.arange(len(labels)), threshold=0.5, replicates=20)
    return Answers(labels, scores, found)


def test_the_history_is_drawn(tmp_path):
    history = [Epoch(n, 1 / n, 1.2 / n, 1 - 0.3 / n, 0.001, 1.0) for n in range(1, 6)]

    draw_history(history, tmp_path / "curves.png")

    assert is_picture(tmp_path / "curves.png")


def test_a_history_without_validation_is_drawn(tmp_path):
    draw_history([Epoch(1, 0.5, None, None, 0.001, 1.0)], tmp_path / "curves.png")

    assert is_picture(tmp_path / "curves.png")


def test_the_roc_of_each_split_is_drawn(tmp_path):
    draw_roc({"valid": answers([0, 1, 0, 1]), "test": answers([0, 0])}, tmp_path / "roc.png")

    assert is_picture(tmp_path / "roc.png")


def test_the_reliability_of_each_split_is_drawn(tmp_path):
    found = {"valid": answers([0, 1, 0, 1]), "test": answers([0, 0])}

    draw_reliability(found, tmp_path / "reliability.png")

    assert is_picture(tmp_path / "reliability.png")
