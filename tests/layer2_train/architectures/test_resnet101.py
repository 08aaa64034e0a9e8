from __future__ import annotations

import numpy as np
import pytest

from layer2_train.architectures import resnet101


def test_has_the_published_number_of_parameters(millions):
    assert millions("resnet101") == 44.7  # keras.io/api/applications, column "Parameters"


@pytest.mark.slow
def test_sees_with_published_weights_what_keras_sees(seen):
    ours, theirs = seen("resnet101", resnet101.CAM_LAYER)

    assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())
