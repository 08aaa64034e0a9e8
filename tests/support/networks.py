"""Stand-ins for trained networks."""

from __future__ import annotations

import numpy as np


class DarkIsTumour:
    """Calls a patch tumour the more, the darker it is; acts as `keras.Model` does in prediction."""

    def __init__(self):
        self.sizes = []

    def predict_on_batch(self, patches):
        self.sizes.append(len(patches))
        return (1 - patches.mean(axis=(1, 2, 3), keepdims=False) / 255).astype(np.float32)[:, None]
