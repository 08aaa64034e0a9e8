"""What the processes of one training do together, whoever started them.

Every rank trains its own copy of the network on its own share of the patches. All methods but the
properties are collective: every rank calls them, in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from common.cluster import available_cpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


class Ranks(Protocol):
    """The ranks of one training, seen from one of them."""

    @property
    def rank(self) -> int:
        """Number of this process, from 0; rank 0 alone writes files."""
        ...

    @property
    def size(self) -> int:
        """How many processes there are."""
        ...

    @property
    def threads(self) -> int:
        """CPUs this process may use, ranks beside it on the machine left theirs."""
        ...

    def averaging(self, kind: type[Any], statistics: Sequence[Any]) -> type[Any]:
        """A subclass of a Keras optimizer that averages gradients over the ranks before a step.

        Parameters
        ----------
        kind : type
            Of the optimizer.
        statistics : sequence of keras.Variable
            Running means that the forward pass moves; they are averaged at every step too, so
            that ranks stay equal in everything.
        """
        ...

    def broadcast(self, variables: Sequence[Any]) -> None:
        """Give Keras variables the values they have on rank 0."""
        ...

    def gathered(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The rows of every rank's array below one another, in the order of ranks."""
        ...

    def summed(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The sum of every rank's array, element by element."""
        ...

    def any(self, *, flag: bool) -> bool:
        """Whether any rank says so."""
        ...

    def wait(self) -> None:
        """Go on when every rank is here."""
        ...


@dataclass(frozen=True)
class Alone:
    """One process without others; see `Ranks`."""

    rank: int = 0
    size: int = 1

    @property
    def threads(self) -> int:
        """All CPUs of this process."""
        return available_cpus()

    def averaging(self, kind: type[Any], statistics: Sequence[Any]) -> type[Any]:
        """The optimizer's own class."""
        return kind

    def broadcast(self, variables: Sequence[Any]) -> None:
        """Nothing: the variables are rank 0's."""

    def gathered(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The array itself."""
        return values

    def summed(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The array itself."""
        return values

    def any(self, *, flag: bool) -> bool:
        """The flag itself."""
        return flag

    def wait(self) -> None:
        """Nothing: nobody else is to come."""


def from_first(ranks: Ranks, text: str) -> str:
    """What rank 0 says, on every rank."""
    own = text.encode() if ranks.rank == 0 else b""
    return ranks.gathered(np.frombuffer(own, dtype=np.uint8)).tobytes().decode()
