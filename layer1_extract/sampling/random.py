"""Places drawn at random from the tissue."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

from layer1_extract.sampling.thinning import thinned

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.patches import PatchSpec
    from common.tissue import TissueMask


def generator(seed: int, slide_id: str) -> np.random.Generator:
    """The source of chance for one slide, free of the task that happens to work on it."""
    digest = hashlib.sha256(f"{seed}:{slide_id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def distance_on(pyramid: Pyramid, distance_um: float) -> int:
    """Whole level-0 px that are at least `distance_um` um, within a thousandth of a px.

    Examples
    --------
    >>> from common.geometry import Pyramid
    >>> distance_on(Pyramid(((8192, 8192),), mpp=0.3), 60.0)
    200
    """
    return math.ceil(distance_um / pyramid.mpp - 1e-3)


def propose_random(
    mask: TissueMask,
    pyramid: Pyramid,
    spec: PatchSpec,
    rng: np.random.Generator,
    *,
    min_distance: int = 0,
) -> npt.NDArray[np.int64]:
    """One corner per pixel of the tissue mask, in random order.

    A patch is centred anywhere within its mask pixel, then moved inside the slide. Walking the
    whole list looks at all the tissue, so a rare class is found if it is there. Draw k of K takes
    every K-th proposal from the k-th on, so draws share none and together are the whole list.

    Parameters
    ----------
    mask : TissueMask
    pyramid : Pyramid
    spec : PatchSpec
    rng : numpy.random.Generator
    min_distance : int, level-0 px
        A proposal nearer than this to an earlier one that stayed is dropped; 0 drops none.

    Returns
    -------
    (N, 2) int64, level-0 px
        No corner twice. Empty where the slide has no tissue or is smaller than a patch.
    """
    edge = spec.edge_on(pyramid)
    room = np.array([pyramid.width - edge, pyramid.height - edge])
    if (room < 0).any():
        return np.empty((0, 2), dtype=np.int64)
    centres = rng.permutation(mask.centres())
    rows, columns = mask.tissue.shape
    pixel = np.array([mask.width / columns, mask.height / rows])
    jitter = rng.uniform(-0.5, 0.5, centres.shape) * pixel
    corners = np.clip(np.rint(centres + jitter - edge / 2), 0, room).astype(np.int64)
    _, first = np.unique(corners[:, 1] * mask.width + corners[:, 0], return_index=True)
    proposed = corners[np.sort(first)]
    return proposed[thinned(proposed, min_distance)]
