"""The methods of stain normalisation a configuration can name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from common.stain import macenko, reinhard
from common.stain.macenko import HEStains, Macenko
from common.stain.reinhard import LabColours, Reinhard

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from common.stain.stain import Stain

Target = LabColours | HEStains


@dataclass(frozen=True)
class Method:
    """A method of stain normalisation.

    Attributes
    ----------
    target : Target
        The stain that every slide is given, unless a bundle says another.
    measure : callable
        Pixels of tissue, (P, 3) uint8 RGB, to a value of the target's type; raises
        `common.stain.pixels.StainError`.
    stain : callable
        What was measured, and the target, to what is done to pixels.
    """

    target: Target
    measure: Callable[[npt.NDArray[np.uint8]], Any]
    stain: Callable[[Any, Any], Stain]


METHODS: Final = {
    "reinhard": Method(reinhard.TARGET, reinhard.measure, Reinhard),
    "macenko": Method(macenko.TARGET, macenko.measure, Macenko),
}
