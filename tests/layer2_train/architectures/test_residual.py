from __future__ import annotations

import numpy as np
from keras import Input, Model

from layer2_train.architectures.residual import block


def test_a_block_halves_the_edge_and_leaves_nothing_negative():
    image = Input((16, 16, 3))
    model = Model(image, block(image, 8, "block1"))

    maps = np.asarray(model(np.random.default_rng(0).normal(size=(2, 16, 16, 3))))

    assert maps.shape == (2, 8, 8, 8)
    assert maps.min() == 0


def test_what_a_patch_is_passes_by_the_convolutions():
    image = Input((8, 8, 4))
    model = Model(image, block(image, 4, "block1"))
    model.get_layer("block1_2_conv").kernel.assign(np.zeros((3, 3, 4, 4)))
    patches = np.random.default_rng(0).uniform(1, 2, (1, 8, 8, 4))

    shortcut = Model(image, model.get_layer("block1_shortcut_norm").output)(patches)

    assert np.allclose(model(patches), np.maximum(shortcut, 0), atol=1e-5)
