from __future__ import annotations

import numpy as np
import pytest
from colour_model import GREEN, PINK, colour_network

from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer3_infer.config import ExplainSettings
from layer3_infer.explain.explanation import share_for
from layer3_infer.explain.grad_cam_pp import grad_cam_pp

SIZE = 32


def explain(patch, network=None):
    predictor = Predictor(network or colour_network(SIZE), Preprocessing(), 4)
    return grad_cam_pp(predictor, "greenness", ExplainSettings())(patch).raw


def two_green_corners():
    patch = np.full((SIZE, SIZE, 3), PINK, np.uint8)
    patch[:8, :8] = patch[-4:, -12:] = GREEN
    return patch


def test_every_place_the_network_looks_for_is_found():
    patch = two_green_corners()

    assert np.array_equal(share_for(explain(patch)) == 1, (patch == GREEN).all(axis=-1))


def test_a_patch_without_evidence_has_an_empty_map():
    assert not explain(np.full((SIZE, SIZE, 3), PINK, np.uint8)).any()


@pytest.mark.parametrize("bias", [-10_000.0, 10_000.0])
def test_a_very_sure_network_has_a_map_all_the_same(bias):
    network = colour_network(SIZE)
    kernel, _ = network.get_layer("answer").get_weights()
    network.get_layer("answer").set_weights([kernel, np.array([bias], np.float32)])

    assert explain(two_green_corners(), network) == pytest.approx(explain(two_green_corners()))
