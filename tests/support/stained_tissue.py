"""Patches of painted tissue: haematoxylin and eosin in amounts drawn by chance."""

from __future__ import annotations

import numpy as np

HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.15, 0.90, 0.40)


def tissue(count=4, size=64, *, seed=0, stains=(HAEMATOXYLIN, EOSIN), strength=(1.5, 0.8)):
    """(count, size, size, 3) uint8: two stains, and glass on the first eighth of each patch."""
    rng = np.random.default_rng(seed)
    amounts = rng.beta(0.7, 1.2, (count, size, size, 2)) * strength
    amounts[:, : size // 8] = 0
    density = amounts @ unit(stains)
    return np.rint(255 * np.exp(-density)).astype(np.uint8)


def unit(stains):
    """Stains (rows) at unit length."""
    stains = np.array(stains, dtype=float)
    return stains / np.linalg.norm(stains, axis=1, keepdims=True)
