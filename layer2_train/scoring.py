"""The network's answers to a whole dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.progress import progress
from layer2_train.read_ahead import read_ahead

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.prediction import Predictor
    from layer2_train.dataset import PatchDataset


def score(predictor: Predictor, dataset: PatchDataset, what: str) -> npt.NDArray[np.float32]:
    """Probability of tumour of every patch, in the dataset's order; (N,) float32.

    Parameters
    ----------
    predictor : Predictor
    dataset : PatchDataset
        May be empty.
    what : str
        Said in front of the progress bar.
    """
    scores = np.empty(len(dataset), dtype=np.float32)
    batches = dataset.batches(np.arange(len(dataset)), predictor.batch_size)
    with (
        read_ahead(batches) as ahead,
        progress(None, what, total=len(scores), unit="patch") as bar,
    ):
        for batch in ahead:
            scores[batch.indices] = predictor(batch.patches)
            bar.update(len(batch.indices))
    return scores
