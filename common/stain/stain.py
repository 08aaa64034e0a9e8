"""What is done to the colours of one slide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Stain(Protocol):
    """The stain of one slide, as a function that gives its patches another's.

    A frozen value: it may be passed to threads and to other processes, and gives a patch the same
    pixels whatever its company.
    """

    @property
    def fallback(self) -> str:
        """Why pixels are left as they are although they should not be; empty where all is well."""
        ...

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Patches of this slide, (K, S, S, 3) uint8 RGB, in the colours of the target."""
        ...


@dataclass(frozen=True)
class Unchanged:
    """Leaves pixels as they are.

    Attributes
    ----------
    fallback : str
        Why, where another method was asked for.
    """

    fallback: str = ""

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The same patches."""
        return patches
