"""Variations of patches that leave their label as it is: mirrored, turned, stained otherwise.

Chance and pixels are apart. What is drawn is a small table, by NumPy, from the seed and the step
alone, so a resumed training draws what an undisturbed one would have. What it does to pixels runs
on the device, in operations that every Keras backend has. Only the training model holds the layer;
the network that is saved does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
from keras import ops

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.config import AugmentationSettings

DRAWS: Final = 7
"""Columns of a table of draws: position; factors of H, E and residual; shifts of the same."""

POSITIONS: Final = 8
"""Ways to lay a square down: 0 to 3 quarter turns anticlockwise, then the same after mirroring."""

_WHITE: Final = 256.0
_STREAM: Final = 1
_STAINS: Final = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11))
"""Haematoxylin and eosin: share of optical density in red, green and blue."""


def draw(
    settings: AugmentationSettings, count: int, seed: int, epoch: int, step: int
) -> npt.NDArray[np.float32]:
    """What happens to each patch of one batch.

    Parameters
    ----------
    settings : AugmentationSettings
    count : int
        Patches in the batch.
    seed, epoch, step : int
        All that chance depends on.

    Returns
    -------
    (count, DRAWS) float32
    """
    rng = np.random.default_rng([seed, _STREAM, epoch, step])
    turns = rng.integers(0, 4, count) * settings.rotate90
    mirrored, upturned = rng.integers(0, 2, (2, count)) * settings.flip
    position = (turns + 2 * upturned) % 4 + 4 * (mirrored ^ upturned)
    jitter = settings.stain_jitter
    factors = rng.uniform(1 - jitter.scale, 1 + jitter.scale, (count, 3))
    shifts = rng.uniform(-jitter.shift, jitter.shift, (count, 3))
    return np.column_stack([position, factors, shifts]).astype(np.float32)


class Augment(keras.layers.Layer):
    """Does to a batch what was drawn for it: (patches, draws) -> patches, 0 to 255.

    Parameters
    ----------
    settings : AugmentationSettings
        Parts that are off cost nothing.
    """

    def __init__(self, settings: AugmentationSettings, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moves = settings.flip or settings.rotate90
        self.stains = settings.stain_jitter.scale > 0 or settings.stain_jitter.shift > 0

    def call(self, patches: Any, draws: Any) -> Any:
        """Patches (B, S, S, 3) float32, 0 to 255, as `draws` (B, DRAWS) float32 say."""
        if self.moves:
            patches = laid(patches, draws[:, 0])
        if self.stains:
            patches = stained(patches, draws[:, 1:4], draws[:, 4:7])
        return patches


def laid(patches: Any, position: Any) -> Any:
    """Patches mirrored and turned.

    One gather of pixels: a third of the time of choosing between whole mirrored images.

    Parameters
    ----------
    patches : (B, S, S, 3) float32
    position : (B,) float32
        0 to 7, see `POSITIONS`.
    """
    size = patches.shape[1]
    shape: Any = ops.shape(patches)
    pixel = np.arange(size * size, dtype=np.int32).reshape(size, size)
    table = np.stack(
        [np.rot90(way, turns).ravel() for way in (pixel, pixel[:, ::-1]) for turns in range(4)]
    )
    own: Any = ops.take(table, ops.cast(position, "int32"), axis=0)
    first: Any = ops.arange(shape[0], dtype="int32") * (size * size)
    pixels = ops.take(ops.reshape(patches, (-1, 3)), own + first[:, None], axis=0)
    return ops.reshape(pixels, (-1, size, size, 3))


def stained(patches: Any, factors: Any, shifts: Any) -> Any:
    """Patches with more or less of each stain.

    Optical density is unmixed into haematoxylin, eosin and what neither explains (Ruifrok and
    Johnston 2001, PMID 11531144), each is scaled and shifted (Tellez et al. 2018,
    doi:10.1109/TMI.2018.2820199), and mixed again. The residual stands at right angles to both,
    where the paper has a third stain, which H&E slides lack.

    Parameters
    ----------
    patches : (B, S, S, 3) float32, RGB, 0 to 255
    factors : (B, 3) float32
        Of haematoxylin, eosin and residual; 1 changes nothing.
    shifts : (B, 3) float32, decadic optical density
        0 changes nothing.

    Returns
    -------
    (B, S, S, 3) float32, RGB, 0 to 255
    """
    mixing, unmixing = _mixing()
    size = patches.shape[1]
    pixels: Any = ops.reshape(patches, (-1, size * size, 3))
    density = ops.log((pixels + 1) / _WHITE)  # natural and negative: light is its exponential
    remixed: Any = ops.matmul(density, ops.matmul(unmixing * factors[:, None, :], mixing))
    moved: Any = ops.matmul(shifts * np.float32(np.log(10)), mixing)
    light: Any = ops.exp(remixed - moved[:, None, :])
    return ops.reshape(ops.clip(_WHITE * light - 1, 0, 255), (-1, size, size, 3))


def _mixing() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Stains (rows) as red, green, blue at unit length, and the inverse; (3, 3) float32 each."""
    both = np.array(_STAINS)
    stains = np.vstack([both, np.cross(both[0], both[1])])
    mixing = stains / np.linalg.norm(stains, axis=1, keepdims=True)
    return mixing.astype(np.float32), np.linalg.inv(mixing).astype(np.float32)
