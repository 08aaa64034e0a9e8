from __future__ import annotations

import keras
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from layer3_infer.explain.sanity import (
    Depth,
    Sanity,
    depths_of,
    likeness,
    mean_likeness,
    random_copy,
    weighted_layers,
)


def network():
    keras.utils.set_random_seed(0)
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="first")(pixels)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    made = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid", name="answer")(x))
    made.get_layer("norm").set_weights([np.arange(1.0, 5.0) + i for i in range(4)])
    return made


@pytest.fixture(scope="module")
def trained():
    return network()


def weights_of(model, layer):
    return [values.tobytes() for values in model.get_layer(layer).get_weights()]


def test_layers_with_weights_are_named_from_the_output_down(trained):
    assert weighted_layers(trained) == ["answer", "norm", "first"]


def test_only_the_named_layers_change_and_the_network_itself_never(trained):
    before = [values.copy() for values in trained.get_weights()]

    copy = random_copy(trained, ["answer", "first"], seed=0)

    assert weights_of(copy, "norm") == weights_of(trained, "norm")
    assert weights_of(copy, "answer") != weights_of(trained, "answer")
    assert weights_of(copy, "first") != weights_of(trained, "first")
    assert all(np.array_equal(a, b) for a, b in zip(before, trained.get_weights(), strict=True))


def test_a_layer_gets_the_same_random_weights_whichever_others_are_random(trained):
    alone = random_copy(trained, ["first"], seed=0)
    together = random_copy(trained, ["answer", "norm", "first"], seed=0)
    other = random_copy(trained, ["first"], seed=1)

    assert weights_of(alone, "first") == weights_of(together, "first")
    assert weights_of(alone, "first") != weights_of(other, "first")


def test_random_weights_are_as_large_and_shuffled_ones_the_same(trained):
    copy = random_copy(trained, ["norm", "first"], seed=0)

    kernels = [model.get_layer("first").get_weights()[0] for model in (trained, copy)]
    sizes = [np.sqrt((kernel**2).mean()) for kernel in kernels]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.2)
    for before, after in zip(
        trained.get_layer("norm").get_weights(), copy.get_layer("norm").get_weights(), strict=True
    ):
        assert np.array_equal(np.sort(before), np.sort(after))


def test_equal_maps_are_alike_in_any_unit_and_sign():
    found = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)

    assert likeness(found, -3 * found) == (pytest.approx(1), pytest.approx(1))


def test_unrelated_maps_are_not_alike():
    one, other = np.random.default_rng(0).normal(size=(2, 32, 32)).astype(np.float32)

    rank, ssim = likeness(one, other)

    assert abs(rank) < 0.1
    a, b = np.abs(one) / np.abs(one).max(), np.abs(other) / np.abs(other).max()
    assert ssim == pytest.approx(structural_similarity(a, b, data_range=1.0), abs=1e-5)
    assert ssim < 0.2


def test_an_empty_map_is_like_no_other():
    one = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)

    assert likeness(one, np.zeros_like(one))[0] == 0


def test_pairs_with_an_empty_map_are_counted_and_say_nothing_of_likeness():
    one = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    empty = np.zeros_like(one)

    rank, ssim, share = mean_likeness([one, one, empty, one], [one, empty, one, one])

    assert (rank, ssim, share) == (pytest.approx(1), pytest.approx(1), 0.5)
    assert np.isnan(mean_likeness([one], [empty])[:2]).all()
    assert mean_likeness([one], [empty])[2] == 1


def test_a_method_whose_maps_are_empty_with_random_weights_does_not_pass():
    nan = float("nan")

    found = Sanity("grad_cam_pp", 4, 0.5, (Depth("first", 1, nan, nan, nan, nan, 1.0, 1.0),))

    assert not found.passes
    assert found.verdict.startswith("of 100% of the patches a map is empty: too few are left")


def test_some_empty_maps_are_named_and_the_others_judged():
    found = Sanity("grad_cam_pp", 4, 0.5, (Depth("first", 1, 0.1, 0.1, 0.1, 0.1, 0.25, 0.0),))

    assert found.passes
    assert found.verdict.endswith("; of 25% of the patches a map is empty and left out")


def test_maps_of_few_pixels_are_compared_too():
    assert likeness(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))[1] == 1


@pytest.mark.parametrize(("count", "wanted"), [(1, 5), (2, 5), (5, 5), (107, 6)])
def test_depths_go_from_the_output_to_the_whole_network(count, wanted):
    found = depths_of(count, wanted)

    assert (found[0], found[-1], len(found)) == (1, count, min(count, wanted))


@pytest.mark.parametrize(
    ("rank", "passes", "words"),
    [
        (0.1, True, "the maps change when the weights are random: rank correlation 0.10"),
        (0.5, True, "they depend on the network's weights"),
        (0.9, False, "the maps hardly change when the weights are random: rank correlation 0.90"),
        (0.9, False, "do not rely on them"),
    ],
)
def test_the_verdict_is_about_the_whole_network_at_random(rank, passes, words):
    depths = (Depth("answer", 1, 0.95, 0.95, 0.95, 0.95), Depth("first", 2, rank, 0.2, 1.0, 1.0))

    found = Sanity("grad_cam", 4, 0.5, depths)

    assert found.passes == passes
    assert words in found.verdict
