from __future__ import annotations

import keras
import numpy as np

from layer2_train.ranks import Alone, from_first


def test_alone_everything_is_ones_own():
    values = np.array([1.0, 2.0])
    alone = Alone()

    assert alone.gathered(values) is values
    assert alone.summed(values) is values
    assert alone.any(flag=True)
    assert not alone.any(flag=False)
    assert alone.averaging(keras.optimizers.SGD, []) is keras.optimizers.SGD


def test_text_of_rank_0_reaches_every_rank_whole():
    assert from_first(Alone(), "tumour: \u03bcm") == "tumour: \u03bcm"
    assert from_first(Alone(rank=1, size=2), "of another rank") == ""
