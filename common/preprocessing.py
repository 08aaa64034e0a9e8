"""What happens to pixels before a network sees them, in training and in inference alike.

Scaling to the network's range is inside the network. What is left outside is described by one
value, written into the bundle, and done by one function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from common.config import Settings

if TYPE_CHECKING:
    import numpy.typing as npt


class Preprocessing(Settings):
    """What is done to a patch outside the network.

    Attributes
    ----------
    stain : {"none"}
        Stain normalisation; none leaves the colours as scanned.
    """

    stain: Literal["none"] = "none"

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Patches as the network takes them.

        Parameters
        ----------
        patches : (B, S, S, 3) uint8, RGB

        Returns
        -------
        (B, S, S, 3) float32, RGB, 0 to 255
        """
        return patches.astype(np.float32)
