from __future__ import annotations

import numpy as np
import pytest
from colour_model import GREEN, PINK, colour_network
from networks import DarkIsTumour

from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer3_infer.explain.lime import Lime, superpixels
from layer3_infer.settings.explain import LimeSettings

SIZE = 32
FAST = LimeSettings(samples=120, superpixels=16, repeats=2)


def half_green():
    patch = np.full((SIZE, SIZE, 3), PINK, np.uint8)
    patch[:, SIZE // 2 :] = GREEN
    return patch


def by_colour(settings=FAST, batch_size=32):
    return Lime(Predictor(colour_network(SIZE), Preprocessing(), batch_size), settings)


@pytest.fixture(scope="module")
def found():
    return by_colour()(half_green())


def test_the_pieces_the_network_looks_for_weigh_more_than_all_others(found):
    assert found.raw.shape == (SIZE, SIZE)
    assert found.raw.dtype == np.float32
    assert found.raw[:, 20:].min() > found.raw[:, :12].max()
    assert found.raw[:, 20:].min() > 0


def test_a_map_has_one_value_per_piece(found):
    pieces = superpixels(half_green(), FAST)

    for piece in np.unique(pieces):
        assert len(np.unique(found.raw[pieces == piece])) == 1


def test_it_says_how_far_to_believe_it(found):
    assert 0 < found.measures["r2"] <= 1
    assert found.measures["rank_correlation"] > 0.5
    assert 0 <= found.measures["overlap_of_strongest"] <= 1


def test_a_linear_network_is_explained_exactly():
    """Hiding a dark piece behind white takes its share of the darkness away: weights are known."""
    patch = np.zeros((SIZE, SIZE, 3), np.uint8)
    patch[:, 16:] = 155
    settings = LimeSettings(samples=600, superpixels=8, repeats=1, kernel_width=10.0)
    pieces = superpixels(patch, settings)

    found = Lime(Predictor(DarkIsTumour(), Preprocessing(), 64), settings)(patch)

    darkness = 1 - patch[..., 0] / 255
    for piece in np.unique(pieces):
        here = pieces == piece
        assert found.raw[here][0] == pytest.approx(darkness[here].sum() / SIZE**2, rel=0.05)
    assert found.measures == {"r2": pytest.approx(1, abs=0.01)}


def test_what_speaks_against_tumour_is_below_0():
    patch = np.zeros((SIZE, SIZE, 3), np.uint8)
    patch[:, 16:] = 255

    class BrightIsTumour(DarkIsTumour):
        def predict_on_batch(self, patches):
            return 1 - super().predict_on_batch(patches)

    found = Lime(Predictor(BrightIsTumour(), Preprocessing(), 32), FAST)(patch)

    assert found.raw[:, :10].max() < 0


def test_the_same_seed_gives_the_same_map_and_another_seed_another(found):
    again = by_colour()(half_green())
    other = by_colour(FAST.model_copy(update={"seed": 1}))(half_green())

    assert again.raw.tobytes() == found.raw.tobytes()
    assert again.measures == found.measures
    assert other.raw.tobytes() != found.raw.tobytes()


def test_the_network_is_asked_in_batches_of_one_size():
    network = DarkIsTumour()

    Lime(Predictor(network, Preprocessing(), 50), FAST)(half_green())

    assert set(network.sizes) == {50}
    assert len(network.sizes) == FAST.repeats * 3


def test_hiding_behind_the_mean_shows_texture_and_no_colour():
    settings = FAST.model_copy(update={"hidden": "mean"})
    green = np.full((SIZE, SIZE, 3), GREEN, np.uint8)

    assert np.abs(by_colour(settings)(green).raw).max() < 1e-6
    assert by_colour()(green).raw.max() > 0.001


@pytest.mark.parametrize("rounding", [0, 1e-8])
@pytest.mark.parametrize("answer", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_where_the_answer_does_not_move_no_piece_counts_and_nothing_is_measured(answer, rounding):
    rng = np.random.default_rng(0)

    class Stubborn(DarkIsTumour):
        def predict_on_batch(self, patches):
            return np.full((len(patches), 1), answer) + rounding * rng.random((len(patches), 1))

    found = Lime(Predictor(Stubborn(), Preprocessing(), 32), FAST)(half_green())

    assert not found.raw.any()
    assert list(found.measures) == ["r2", "rank_correlation", "overlap_of_strongest"]
    assert np.isnan(list(found.measures.values())).all()


def test_pieces_are_numbered_without_gaps():
    noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)

    for patch in (noise, half_green(), np.full_like(noise, 255)):
        pieces = superpixels(patch, FAST)
        assert pieces.shape == (SIZE, SIZE)
        assert set(np.unique(pieces)) == set(range(pieces.max() + 1))
        assert pieces.max() > 0
