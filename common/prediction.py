"""Tumour probabilities of patches, the same whoever asks and however the work was cut."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ContractError

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.preprocessing import Preprocessing

_ADVICE: Final = "Train it anew, with a lower optimizer.learning_rate"


@dataclass(frozen=True, eq=False)
class Predictor:
    """A network with its preprocessing, fed batches of one fixed size.

    A convolution may pick another algorithm, with other rounding, for another batch size. Every
    batch is therefore padded to the same size: a patch gets bit-identical answers wherever it
    falls.

    Attributes
    ----------
    network : keras.Model
        (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour.
    preprocessing : Preprocessing
    batch_size : int
    turn : context manager
        Held while the network answers: a lock, where it cannot serve several threads at once.
    """

    network: Any
    preprocessing: Preprocessing
    batch_size: int
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Probability of tumour of each patch.

        Parameters
        ----------
        patches : (N, S, S, 3) uint8, RGB
            Any number, none included.

        Returns
        -------
        (N,) float32

        Raises
        ------
        ContractError
            If an answer is not a number from 0 to 1.
        """
        parts = [
            self._batch(patches[start : start + self.batch_size])
            for start in range(0, len(patches), self.batch_size)
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)

    def _batch(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        whole = patches if len(patches) == self.batch_size else self._padded(patches)
        answers = [self._answers(shown) for shown in self.preprocessing.positions(whole)]
        found: npt.NDArray[np.float32] = np.stack(answers).mean(axis=0)[: len(patches)]
        wrong = int((~((found >= 0) & (found <= 1))).sum())  # NaN is neither
        if wrong:
            said = f"something else for {wrong} of {len(found)} patches"
            raise ContractError("the network", "answers", "0 to 1", said, _ADVICE)
        return found

    def _padded(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        padded = np.zeros((self.batch_size, *patches.shape[1:]), dtype=np.uint8)
        padded[: len(patches)] = patches
        return padded

    def _answers(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        with self.turn:
            scores = self.network.predict_on_batch(self.preprocessing(patches))
        return np.asarray(scores, dtype=np.float32)[:, 0]
