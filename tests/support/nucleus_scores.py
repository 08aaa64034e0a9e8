"""How well found nuclei agree with those a person drew, and the plain method to compare with."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from layer3_infer.explain.haematoxylin import haematoxylin
from layer3_infer.explain.nuclei import otsu

MPP = 0.35
"""Taken for every image of ``data/nuclei``, um/px; they do not say.

The small round nuclei of the images on white, most of them lymphocytes, are about 20 px across: 7
um at this scale. Of the others some are finer and some coarser; none is told to the method.
"""


@dataclass(frozen=True)
class Scores:
    """Of one image, or means over several.

    Attributes
    ----------
    dice : float
        Of nuclear pixels; 1 is agreement.
    f1 : float
        Of nuclei: found is one that shares more than half of its union with a drawn one.
    aji : float
        Aggregated Jaccard index: Kumar et al. 2017, doi:10.1109/TMI.2017.2677499.
    count_error : float
        Difference of the numbers of nuclei over the number drawn; 0 is agreement.
    """

    dice: float
    f1: float
    aji: float
    count_error: float


def images(folder):
    """(name, patch, labels) of every image of ``data/nuclei``, by name."""
    for path in sorted((folder / "images").glob("*.png")):
        patch = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        labels = cv2.imread(str(folder / "labels" / path.name), cv2.IMREAD_UNCHANGED)
        yield path.name, patch, labels.astype(np.int64)


def plain_otsu(patch):
    """(H, W) int: connected pieces of what has more haematoxylin than Otsu's threshold."""
    amount = haematoxylin(patch)
    return cv2.connectedComponents((amount > otsu(amount)).astype(np.uint8), connectivity=4)[1]


def mean(scores):
    """`Scores` of many images as one."""
    return Scores(*np.mean([list(vars(each).values()) for each in scores], axis=0).tolist())


def score(drawn, found):
    """`Scores` of one image, from two (H, W) int labels, 0 background."""
    drawn, found = (np.unique(each, return_inverse=True)[1] for each in (drawn, found))
    shared = np.zeros((drawn.max() + 1, found.max() + 1))
    np.add.at(shared, (drawn.ravel(), found.ravel()), 1)
    union = shared.sum(axis=1)[:, None] + shared.sum(axis=0) - shared
    overlap, areas = (shared / union)[1:, 1:], shared[:, 1:].sum(axis=0)
    nuclei, both = drawn.max(), np.count_nonzero((drawn > 0) & (found > 0))
    pixels = np.count_nonzero(drawn) + np.count_nonzero(found)
    best = overlap.argmax(axis=1) if overlap.size else np.zeros(0, int)
    matched = overlap.max(axis=1) > 0 if overlap.size else np.zeros(0, bool)
    rows = np.flatnonzero(matched)
    alone = shared.sum(axis=1)[1:][~matched].sum() if overlap.size else np.count_nonzero(drawn)
    unused = np.setdiff1d(np.arange(found.max()), best[rows])
    joined = union[1:, 1:][rows, best[rows]].sum() + alone + areas[unused].sum()
    return Scores(
        dice=2 * both / max(pixels, 1),
        f1=2 * np.count_nonzero(overlap > 0.5) / max(nuclei + found.max(), 1),
        aji=shared[1:, 1:][rows, best[rows]].sum() / max(joined, 1),
        count_error=abs(int(found.max()) - int(nuclei)) / max(nuclei, 1),
    )
