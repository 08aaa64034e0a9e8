from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ContractError
from common.prediction import Predictor
from common.preprocessing import Preprocessing


class MeanNetwork:
    """Answers with the mean brightness, and remembers the batch sizes it was given."""

    def __init__(self):
        self.sizes = []

    def predict_on_batch(self, batch):
        self.sizes.append(len(batch))
        return batch.mean(axis=(1, 2, 3), keepdims=False)[:, None] / 255


@given(count=st.integers(0, 50), batch_size=st.integers(1, 16))
def test_every_batch_has_one_size_and_every_patch_its_answer(count, batch_size):
    patches = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3)).astype(np.uint8)
    network = MeanNetwork()

    scores = Predictor(network, Preprocessing(), batch_size)(patches)

    assert set(network.sizes) <= {batch_size}
    assert scores.dtype == np.float32
    assert np.allclose(scores, patches.mean(axis=(1, 2, 3)) / 255)


@pytest.mark.parametrize("answer", [np.nan, np.inf, 1.5, -0.1])
def test_an_answer_that_is_no_probability_is_refused(answer):
    network = MeanNetwork()
    network.predict_on_batch = lambda batch: np.where(np.arange(len(batch)) == 1, answer, 0.5)[
        :, None
    ]
    patches = np.zeros((3, 4, 4, 3), np.uint8)

    with pytest.raises(ContractError, match="expected 0 to 1, found something else for 1 of 2 pat"):
        Predictor(network, Preprocessing(), batch_size=2)(patches)


def test_what_fills_a_batch_up_is_not_judged():
    network = MeanNetwork()
    network.predict_on_batch = lambda batch: np.array([[0.5], [np.nan]])

    scores = Predictor(network, Preprocessing(), 2)(np.zeros((1, 4, 4, 3), np.uint8))

    assert scores.tolist() == [0.5]


class CornerNetwork:
    """Answers with the brightness of the top left pixel."""

    def predict_on_batch(self, batch):
        return batch[:, 0, 0].mean(axis=-1)[:, None] / 255


@pytest.mark.parametrize(("orientations", "expected"), [(1, 0.2), (4, 0.5), (8, 0.5)])
def test_the_answer_is_the_mean_over_all_positions_of_a_patch(orientations, expected):
    corners = np.array([[[51, 102], [153, 204]]], np.uint8)  # 0.2 to 0.8
    patches = np.repeat(corners[..., None], 3, axis=3)
    predictor = Predictor(CornerNetwork(), Preprocessing(orientations=orientations), 2)

    assert predictor(patches).tolist() == pytest.approx([expected])


def test_eight_positions_are_all_there_are_of_a_patch():
    patch = np.arange(27, dtype=np.uint8).reshape(1, 3, 3, 3)

    shown = {one.tobytes() for one in Preprocessing(orientations=8).positions(patch)}

    assert len(shown) == 8


def test_a_network_is_asked_in_its_turn():
    turns = []

    class Turn:
        def __enter__(self):
            turns.append("begin")

        def __exit__(self, *_):
            turns.append("end")

    Predictor(MeanNetwork(), Preprocessing(), 2, Turn())(np.zeros((3, 4, 4, 3), np.uint8))

    assert turns == ["begin", "end"] * 2
