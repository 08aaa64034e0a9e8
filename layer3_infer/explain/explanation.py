"""One patch, and how much each of its pixels counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a method says about the answer for one patch.

    Attributes
    ----------
    method : str
        Such as ``grad_cam``.
    target : str
        The class explained.
    attribution : (S, S) float32
        In [0, 1], in the frame of the patch. Relative to the patch's own strongest place, which
        is 1; 0 where nothing speaks for the target. Values of two patches are not comparable.
    patch : (S, S, 3) uint8, RGB
        The pixels explained: in the colours the network saw.
    slide_id : str
    x, y : int, level-0 px
        Corner of the patch; -1 where it has no place.
    probability : float
        Of the target.
    label : int
        1 tumour, 0 normal, -1 not known.
    """

    method: str
    target: str
    attribution: npt.NDArray[np.float32]
    patch: npt.NDArray[np.uint8]
    slide_id: str
    x: int
    y: int
    probability: float
    label: int

    def __post_init__(self) -> None:
        shape, dtype = self.attribution.shape, self.attribution.dtype
        if dtype != np.float32 or self.patch.shape != (*shape, 3):
            raise ValueError(
                f"attribution must be float32 of the patch's size, got {shape} {dtype} "
                f"for a patch {self.patch.shape}"
            )
        if not ((self.attribution >= 0) & (self.attribution <= 1)).all():
            raise ValueError("attribution must be in [0, 1], got others")
        self.attribution.flags.writeable = False


class Attributor(Protocol):
    """A method of explanation, for one network.

    Parameters
    ----------
    network : keras.Model
        Flat functional; (B, S, S, 3) float32, 0 to 255 -> (B, 1) sigmoid.
    preprocessing : Preprocessing
    layer : str
        Name of its last convolution.
    """

    def __init__(self, network: Any, preprocessing: Preprocessing, layer: str) -> None: ...

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """How much each pixel speaks for tumour.

        Parameters
        ----------
        patches : (N, S, S, 3) uint8, RGB
            In the colours that `preprocessing.fit` gives their slide.

        Returns
        -------
        (N, S, S) float32
            In [0, 1], as in `Explanation.attribution`; the same for a patch whatever its company.
        """
        ...
