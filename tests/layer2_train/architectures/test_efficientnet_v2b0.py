from __future__ import annotations

import numpy as np

from layer2_train.architectures import efficientnet_v2b0


def test_has_the_published_number_of_parameters(millions):
    assert millions("efficientnet_v2b0") == 7.2  # keras.io/api/applications, column "Parameters"


def test_sees_with_published_weights_what_keras_sees(seen):
    ours, theirs = seen("efficientnet_v2b0", efficientnet_v2b0.CAM_LAYER)

    assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())
