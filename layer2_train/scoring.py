"""The network's answers to a whole dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.progress import progress
from layer2_train.read_ahead import read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from common.prediction import Predictor
    from layer2_train.dataset import PatchDataset
    from layer2_train.ranks import Ranks


def score(
    predictor: Predictor,
    dataset: PatchDataset,
    what: str,
    ranks: Ranks,
    go_on: Callable[[], None] = lambda: None,
) -> npt.NDArray[np.float32]:
    """Probability of tumour of every patch, in the dataset's order; (N,) float32.

    Each rank asks about a share of its own, and all of them get all answers. As batches are padded
    to one size, these do not depend on how many ranks there are.

    Parameters
    ----------
    predictor : Predictor
    dataset : PatchDataset
        May be empty.
    what : str
        Said in front of the progress bar.
    ranks : Ranks
    go_on : callable
        Called before each batch; may raise.
    """
    first, end = (len(dataset) * one // ranks.size for one in (ranks.rank, ranks.rank + 1))
    scores = np.empty(end - first, dtype=np.float32)
    batches = dataset.batches(range(first, end), predictor.batch_size, threads=ranks.threads)
    with (
        read_ahead(batches) as ahead,
        progress(None, what, total=len(scores), unit="patch") as bar,
    ):
        for batch in ahead:
            go_on()
            scores[batch.indices - first] = predictor(batch.patches)
            bar.update(len(batch.indices))
    return ranks.gathered(scores)
