"""One patch, and how much each of its pixels counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from common.prediction import Predictor
    from layer3_infer.settings.explain import ExplainSettings


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a method gives for one patch.

    Attributes
    ----------
    raw : (S, S) float32
        Signed, in the method's own unit, in the frame of the patch: above 0 speaks for tumour,
        below 0 against it.
    measures : mapping of str to float
        What the method says of its own reliability, by name.
    """

    raw: npt.NDArray[np.float32]
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a method says about the answer for one patch.

    Attributes
    ----------
    method : str
        Such as ``grad_cam``.
    target : str
        The class explained.
    raw : (S, S) float32
        Signed, in the method's own unit, in the frame of the patch: above 0 speaks for the target,
        below 0 against it.
    patch : (S, S, 3) uint8, RGB
        The pixels explained: in the colours the network saw.
    slide_id : str
    x, y : int, level-0 px
        Corner of the patch; -1 where it has no place.
    probability : float
        Of the target.
    label : int
        1 tumour, 0 normal, -1 not known.
    measures : mapping of str to float
        As in `Attribution.measures`.
    """

    method: str
    target: str
    raw: npt.NDArray[np.float32]
    patch: npt.NDArray[np.uint8]
    slide_id: str
    x: int
    y: int
    probability: float
    label: int
    measures: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape, dtype = self.raw.shape, self.raw.dtype
        if dtype != np.float32 or self.patch.shape != (*shape, 3):
            raise ValueError(
                f"raw must be float32 of the patch's size, got {shape} {dtype} "
                f"for a patch {self.patch.shape}"
            )
        if not np.isfinite(self.raw).all():
            raise ValueError("raw must be finite, got others")
        self.raw.flags.writeable = False

    @property
    def attribution(self) -> npt.NDArray[np.float32]:
        """What speaks for the target, (S, S) float32 in [0, 1]; see `share_for`."""
        return share_for(self.raw)


def share_for(raw: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What speaks for the target, as a share of the patch's own strongest place.

    Values of two patches are not comparable.

    Parameters
    ----------
    raw : (..., S, S) float32
        Signed.

    Returns
    -------
    (..., S, S) float32
        In [0, 1]: the strongest place of each map is 1; 0 where nothing speaks for the target.
    """
    speaks = np.maximum(raw, np.float32(0))
    strongest = speaks.max(axis=(-2, -1), keepdims=True, initial=0)
    return np.divide(speaks, strongest, out=np.zeros_like(speaks), where=strongest > 0)


class Attributor(Protocol):
    """A method of explanation, for one network."""

    def __call__(self, patch: npt.NDArray[np.uint8]) -> Attribution:
        """How much each pixel speaks for tumour, and how much against it.

        Parameters
        ----------
        patch : (S, S, 3) uint8, RGB
            In the colours that `Preprocessing.fit` gives its slide.
        """
        ...


class Method(Protocol):
    """What a name in `layer3_infer.explainers.EXPLAINERS` leads to."""

    def __call__(self, predictor: Predictor, layer: str, settings: ExplainSettings) -> Attributor:
        """The method for one network.

        Parameters
        ----------
        predictor : Predictor
            With a flat functional network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) sigmoid.
        layer : str
            Name of its last convolution.
        settings : ExplainSettings
        """
        ...
