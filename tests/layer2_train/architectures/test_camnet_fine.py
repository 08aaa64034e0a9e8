from __future__ import annotations

import pytest

from layer2_train.architectures import camnet_fine
from layer2_train.config import NetworkSettings


def network(size):
    return camnet_fine.build(NetworkSettings(name="camnet_fine"), size).network


@pytest.mark.parametrize("size", [16, 96])
def test_has_about_290_000_weights_whatever_the_patch(size):
    assert 270_000 < network(size).count_params() < 310_000


def test_looks_at_every_pixel_before_it_makes_patches_smaller():
    assert network(96).get_layer("stem_relu").output.shape == (None, 96, 96, 24)
