"""What happens to pixels before a network sees them, in training and in inference alike.

Scaling to the network's range is inside the network. What is left outside is described by one
value, written into the bundle, and done by one function.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from common.config import Settings
from common.stain import METHODS, StainError, Target, Unchanged, tissue_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from common.stain import Stain

log = logging.getLogger(__name__)
StainMethod = Literal["none", "reinhard", "macenko"]


class Preprocessing(Settings):
    """What is done to a patch outside the network.

    Attributes
    ----------
    stain : {"none", "reinhard", "macenko"}
        Stain normalisation; none leaves the colours as scanned.
    patches : int
        Of each slide, at most, spread over it, that its stain is measured on.
    target : LabColours, HEStains or None
        The stain every slide is given, by method; None where there is none.
    orientations : {1, 4, 8}
        In how many positions a patch is shown to the network, whose answers are averaged: as it
        is; in four quarter turns; in these and their mirror images.
    """

    stain: StainMethod = "none"
    patches: Annotated[int, Field(ge=1, le=1000)] = 64
    target: Target | None = None
    orientations: Literal[1, 4, 8] = 1

    @classmethod
    def of(
        cls, stain: StainMethod, patches: int, orientations: Literal[1, 4, 8] = 1
    ) -> Preprocessing:
        """The preprocessing of a new model: with the target of this version of the software."""
        target = None if stain == "none" else METHODS[stain].target
        return cls(stain=stain, patches=patches, target=target, orientations=orientations)

    @model_validator(mode="after")
    def _target_of_its_method(self) -> Preprocessing:
        wanted = type(None) if self.stain == "none" else type(METHODS[self.stain].target)
        if type(self.target) is not wanted:
            expected = "none" if self.stain == "none" else f"one of {self.stain}"
            raise ValueError(f"target: expected {expected}, found {self.target!r}")
        return self

    def fit(self, patches: npt.NDArray[np.uint8]) -> Stain:
        """What is done to the colours of one slide, in its patches.

        Parameters
        ----------
        patches : (N, S, S, 3) uint8, RGB
            Of this slide, in any order.

        Returns
        -------
        Stain
            Leaves pixels as they are, and says why in `fallback`, where `patches` do not tell.
        """
        if self.stain == "none":
            return Unchanged()
        method = METHODS[self.stain]
        try:
            return method.stain(method.measure(tissue_pixels(patches)), self.target)
        except StainError as error:
            return Unchanged(str(error))

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Patches as the network takes them.

        Parameters
        ----------
        patches : (B, S, S, 3) uint8, RGB
            In the colours `fit` gives them.

        Returns
        -------
        (B, S, S, 3) float32, RGB, 0 to 255
        """
        return patches.astype(np.float32)

    def positions(self, patches: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
        """Patches (B, S, S, 3) in every position in which the network is shown them."""
        turns = range(1 if self.orientations == 1 else 4)
        mirrored = (False, True) if self.orientations == 8 else (False,)
        for mirror in mirrored:
            laid = patches[:, :, ::-1] if mirror else patches
            for turn in turns:
                yield np.rot90(laid, turn, axes=(1, 2))


def slide_stain(
    slide_id: str, patches: npt.NDArray[np.uint8], preprocessing: Preprocessing
) -> Stain:
    """What `preprocessing` fits to the patches of one slide, told in the log.

    A slide whose colours are left as scanned although they should not be is warned of by name.
    """
    stain = preprocessing.fit(patches)
    if stain.fallback:
        log.warning("%s: colours are left as scanned: %s", slide_id, stain.fallback)
    elif preprocessing.stain != "none":
        log.info("%s: stain measured on %d patches: %r", slide_id, len(patches), stain)
    return stain
