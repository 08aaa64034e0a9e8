"""Where the patches of a slide come from that may be explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from common.patches import PatchSpec
    from common.prediction import Predictor


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a slide and its patches, numbered from 0.

    Attributes
    ----------
    slide_fingerprint : str
    seen_in_split : {"", "train", "valid", "test"}
        Where the model has met this slide or its patient; empty if nowhere.
    spec : PatchSpec
        Size and scale of the pixels.
    edge : int, level-0 px
        Of a patch; 0 where patches have no places.
    config_sha256 : str
        Of the settings these patches were found with.
    coords : (N, 2) int64, level-0 px
        Corners of the patches; -1 where one has no place.
    labels : (N,) int8
        1 tumour, 0 normal, -1 not known.
    """

    slide_fingerprint: str
    seen_in_split: str
    spec: PatchSpec
    edge: int
    config_sha256: str
    coords: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int8]


class Source(Protocol):
    """The patches of one slide. Nothing is opened before it is asked for."""

    @property
    def slide_id(self) -> str:
        """Key of the slide."""
        ...

    def facts(self) -> Facts:
        """What is known of it.

        Raises
        ------
        SlideError, ContractError
            If what it is read from cannot be used with the model.
        """
        ...

    def scores(self, rows: npt.NDArray[np.intp], predictor: Predictor) -> npt.NDArray[np.float32]:
        """P(tumour) of the patches with these numbers."""
        ...

    def read(self, row: int) -> npt.NDArray[np.uint8]:
        """The pixels of a patch, (S, S, 3) RGB, in the colours the network saw."""
        ...
