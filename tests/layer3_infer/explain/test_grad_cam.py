from __future__ import annotations

import numpy as np
import pytest
from colour_model import GREEN, PINK, colour_network

from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer3_infer.config import ExplainSettings
from layer3_infer.explain.explanation import share_for
from layer3_infer.explain.grad_cam import grad_cam

SIZE = 32


@pytest.fixture(scope="module")
def explain():
    return grad_cam(
        Predictor(colour_network(SIZE), Preprocessing(), 4), "greenness", ExplainSettings()
    )


def half_green():
    patch = np.full((SIZE, SIZE, 3), PINK, np.uint8)
    patch[:, SIZE // 2 :] = GREEN
    return patch


def test_the_map_points_at_what_the_network_looks_for(explain):
    found = share_for(explain(half_green()).raw)

    assert found.shape == (SIZE, SIZE)
    assert found.dtype == np.float32
    assert (found[:, : SIZE // 2] == 0).all()
    assert (found[:, SIZE // 2 :] == 1).all()


def test_a_patch_without_evidence_has_an_empty_map(explain):
    assert not explain(np.full((SIZE, SIZE, 3), PINK, np.uint8)).raw.any()


def test_what_speaks_against_tumour_is_below_0():
    network = colour_network(SIZE)
    kernel, bias = network.get_layer("answer").get_weights()
    network.get_layer("answer").set_weights([-kernel, bias])

    found = grad_cam(Predictor(network, Preprocessing(), 4), "greenness", ExplainSettings())

    assert (found(half_green()).raw[:, SIZE // 2 :] < 0).all()


def test_the_map_is_in_units_of_the_score(explain):
    """The network's score is 40 times the mean greenness, less a constant."""
    greenness = (GREEN[1] - GREEN[0] / 2 - GREEN[2] / 2) / 255

    found = explain(half_green()).raw

    assert found[0, -1] * SIZE**2 == pytest.approx(40 * greenness, rel=1e-5)
