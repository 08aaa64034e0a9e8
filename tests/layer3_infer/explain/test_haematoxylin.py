"""Haematoxylin by colour deconvolution."""

from __future__ import annotations

import numpy as np
import pytest

from layer3_infer.explain.haematoxylin import haematoxylin

H = np.array([0.65, 0.70, 0.29]) / np.linalg.norm([0.65, 0.70, 0.29])
E = np.array([0.07, 0.99, 0.11]) / np.linalg.norm([0.07, 0.99, 0.11])


def stained(haematoxylin_amount, eosin_amount):
    """One pixel with these amounts, by Beer and Lambert's law."""
    light = 255 * np.exp(-haematoxylin_amount * H - eosin_amount * E)
    return np.rint(light).astype(np.uint8).reshape(1, 1, 3)


@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0, 1.8])
@pytest.mark.parametrize("eosin", [0.0, 0.5, 1.0])
def test_the_amount_mixed_in_comes_out_whatever_the_eosin(amount, eosin):
    assert haematoxylin(stained(amount, eosin)).item() == pytest.approx(amount, abs=0.03)


def test_glass_has_none():
    assert not haematoxylin(np.full((4, 5, 3), 255, np.uint8)).any()


def test_it_is_never_negative():
    colours = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)

    assert haematoxylin(colours).min() >= 0


def test_it_ranks_pixels_as_scikit_image_does_in_haematoxylin_alone():
    from skimage.color import rgb2hed

    amounts = np.linspace(0.1, 2, 20)
    patch = np.concatenate([stained(amount, 0) for amount in amounts], axis=1)
    theirs = rgb2hed(patch)[..., 0]

    assert np.corrcoef(haematoxylin(patch).ravel(), theirs.ravel())[0, 1] > 0.999
