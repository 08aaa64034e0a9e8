"""What every importer gives: patches of one slide, with their labels, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Batches = Callable[[], Iterator[tuple[npt.NDArray[np.int8] | list[int], npt.NDArray[np.uint8]]]]


@dataclass(frozen=True, eq=False)
class ForeignSlide:
    """Patches of one slide, or of a source that does not say which slides they are from.

    Attributes
    ----------
    slide_id : str
    count : int
        Number of patches.
    patch_size : int, px
    fingerprint : str
        Hash of the source.
    batches : callable
        Goes through labels (B,) and patches (B, S, S, 3) uint8 RGB, from the start at each call.
    patient, node, centre : str
        Empty where unknown.
    """

    slide_id: str
    count: int
    patch_size: int
    fingerprint: str
    batches: Batches
    patient: str = ""
    node: str = ""
    centre: str = ""
