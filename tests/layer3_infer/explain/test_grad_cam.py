from __future__ import annotations

import keras
import numpy as np
import pytest
from colour_model import GREEN, PINK, colour_network

from common.errors import ConfigError
from common.preprocessing import Preprocessing
from layer3_infer.explain.grad_cam import GradCam

SIZE = 32


@pytest.fixture(scope="module")
def grad_cam():
    return GradCam(colour_network(SIZE), Preprocessing(), "greenness")


def half_green():
    patch = np.full((SIZE, SIZE, 3), PINK, np.uint8)
    patch[:, SIZE // 2 :] = GREEN
    return patch


def test_the_map_points_at_what_the_network_looks_for(grad_cam):
    (found,) = grad_cam(half_green()[None])

    assert found.shape == (SIZE, SIZE)
    assert found.dtype == np.float32
    assert (found[:, : SIZE // 2] == 0).all()
    assert (found[:, SIZE // 2 :] == 1).all()


def test_a_patch_without_evidence_has_an_empty_map(grad_cam):
    patches = np.full((1, SIZE, SIZE, 3), PINK, np.uint8)

    assert (grad_cam(patches) == 0).all()


def test_a_map_does_not_depend_on_the_company_of_its_patch(grad_cam):
    rng = np.random.default_rng(0)
    others = rng.integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)

    together = grad_cam(np.concatenate([others, half_green()[None]]))

    assert together[-1].tobytes() == grad_cam(half_green()[None])[0].tobytes()


def test_a_confident_answer_still_has_a_map(grad_cam):
    patches = np.full((1, SIZE, SIZE, 3), GREEN, np.uint8)

    assert grad_cam.network.predict_on_batch(patches.astype(np.float32))[0, 0] > 0.99
    assert (grad_cam(patches) == 1).all()


def test_the_network_is_left_as_it_was(grad_cam):
    before = grad_cam.network.predict_on_batch(half_green()[None].astype(np.float32))
    grad_cam(half_green()[None])

    after = grad_cam.network.predict_on_batch(half_green()[None].astype(np.float32))
    assert before.tobytes() == after.tobytes()
    assert keras.activations.serialize(grad_cam.network.get_layer("answer").activation) == "sigmoid"


def test_no_patches_give_no_maps(grad_cam):
    assert grad_cam(np.empty((0, SIZE, SIZE, 3), np.uint8)).shape == (0, SIZE, SIZE)


def test_a_layer_the_network_lacks_is_refused():
    broken = GradCam(colour_network(SIZE), Preprocessing(), "conv5")

    with pytest.raises(ConfigError, match="cam_layer: expected a layer of the network, found"):
        broken(half_green()[None])
