from __future__ import annotations

import numpy as np

from layer2_train.architectures import resnet50


def test_has_the_published_number_of_parameters(millions):
    assert millions("resnet50") == 25.6  # keras.io/api/applications, column "Parameters"


def test_sees_with_published_weights_what_keras_sees(seen):
    ours, theirs = seen("resnet50", resnet50.CAM_LAYER)

    assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())
