"""Activations in which concepts lie along known directions, and a score that follows one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layer3_infer.explain.finding import Origins, Plan
from layer3_infer.explain.gradients import LayerView

FEATURES = 16
QUICK = Plan(folds=3, repeats=8, shuffles=400)


@dataclass(frozen=True)
class Planted:
    """What N patches have of each concept, and what a layer makes of it.

    Attributes
    ----------
    concepts : dict of str to (N,) float64
        ``followed``: the score grows with it; ``known``: the layer holds it, the score does not
        care; ``along``: goes along with the first, as the layer does not see by itself; ``absent``.
    view : LayerView
    origins : Origins
    """

    concepts: dict[str, np.ndarray]
    view: LayerView
    origins: Origins


def plant(n=300, seed=0, towards=1.0, slide_effect=3.0, also=0.0) -> Planted:
    """The score is `towards` times ``followed`` plus `also` times ``known``, a little bent."""
    rng = np.random.default_rng(seed)
    slides = np.arange(n) % 6
    followed, known, absent, noise = rng.normal(size=(4, n))
    direction = np.linalg.qr(rng.normal(size=(FEATURES, FEATURES)))[0]
    activations = 0.3 * rng.normal(size=(n, FEATURES))
    activations += np.outer(followed, direction[0]) + np.outer(known, direction[1])
    activations += slide_effect * rng.normal(size=(6, FEATURES))[slides]
    bend = 1 + 0.3 * rng.normal(size=(n, 1))
    slope = towards * direction[0] + also * direction[1]
    gradients = bend * slope + 0.1 * rng.normal(size=(n, FEATURES))
    stain = slide_effect * rng.normal(size=6)[slides]
    concepts = {
        "followed": followed + stain,
        "known": known + stain,
        "along": 0.9 * followed + 0.45 * noise,
        "absent": absent,
    }
    view = LayerView(activations.astype(np.float32), gradients.astype(np.float32))
    return Planted(concepts, view, Origins(slides // 2, slides))
