"""Variations of patches that leave their label as it is: mirrored, turned, in other colours.

Chance and pixels are apart. What is drawn is a small table, by NumPy, from seed, step and rank
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

DRAWS: Final = 11
"""Columns of a table of draws: position; factors of H, E and residual; shifts of the same; factors
of brightness, contrast and saturation, and turns of hue."""

POSITIONS: Final = 8
"""Ways to lay a square down: 0 to 3 quarter turns anticlockwise, then the same after mirroring."""

_WHITE: Final = 256.0
_STREAM: Final = 1
_STAINS: Final = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11))
"""Haematoxylin and eosin: share of optical density in red, green and blue."""

_GREY: Final = np.full((3, 3), 1 / 3, np.float32)
"""A colour (row) to its grey."""

_ACROSS: Final = np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], np.float32) / np.sqrt(np.float32(3))
"""A colour (row) to the difference from its grey, a quarter turned from red towards green."""


def draw(
    settings: AugmentationSettings, count: int, seed: int, epoch: int, step: int, rank: int = 0
) -> npt.NDArray[np.float32]:
    """What happens to each patch of one batch.

    Parameters
    ----------
    settings : AugmentationSettings
    count : int
        Patches in the batch.
    seed, epoch, step, rank : int
        All that chance depends on; ranks draw independently.

    Returns
    -------
    (count, DRAWS) float32
    """
    rng = np.random.default_rng([seed, _STREAM, epoch, step, rank])
    turns = rng.integers(0, 4, count) * settings.rotate90
    mirrored, upturned = rng.integers(0, 2, (2, count)) * settings.flip
    position = (turns + 2 * upturned) % 4 + 4 * (mirrored ^ upturned)
    jitter = settings.stain_jitter
    factors = rng.uniform(1 - jitter.scale, 1 + jitter.scale, (count, 3))
    shifts = rng.uniform(-jitter.shift, jitter.shift, (count, 3))
    colour = settings.colour_jitter
    most = np.array([colour.brightness, colour.contrast, colour.saturation, colour.hue])
    colours = rng.uniform(-most, most, (count, 4)) + np.array([1, 1, 1, 0])
    return np.column_stack([position, factors, shifts, colours]).astype(np.float32)


class Augment(keras.layers.Layer):
    """Does to a batch what was drawn for it: (patches, draws) -> patches, float32, 0 to 255.

    Computes in float32 under any policy of precision: the smallest densities are nothing in 16
    bits, and what follows casts by itself.

    Parameters
    ----------
    settings : AugmentationSettings
        Parts that are off cost nothing.
    """

    def __init__(self, settings: AugmentationSettings, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.moves = settings.flip or settings.rotate90
        self.stains = any(settings.stain_jitter.model_dump().values())
        self.colours = any(settings.colour_jitter.model_dump().values())

    def call(self, patches: Any, draws: Any) -> Any:
        """Patches (B, S, S, 3) uint8 or float32, 0 to 255, as `draws` (B, DRAWS) float32 say."""
        if self.moves:
            patches = laid(patches, draws[:, 0])
        patches = ops.cast(patches, "float32")
        if self.stains:
            patches = stained(patches, draws[:, 1:4], draws[:, 4:7])
        if self.colours:
            patches = coloured(patches, draws[:, 7:11])
        return patches


def laid(patches: Any, position: Any) -> Any:
    """Patches mirrored and turned.

    One gather of pixels: a third of the time of choosing between whole mirrored images.

    Parameters
    ----------
    patches : (B, S, S, 3) of any type
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
    mixing, unmixing = map(_constant, _mixing())
    size = patches.shape[1]
    pixels: Any = ops.reshape(patches, (-1, size * size, 3))
    density = ops.log((pixels + 1) / _WHITE)  # natural and negative: light is its exponential
    remixed: Any = ops.matmul(density, ops.matmul(unmixing * factors[:, None, :], mixing))
    moved: Any = ops.matmul(shifts * np.float32(np.log(10)), mixing)
    light: Any = ops.exp(remixed - moved[:, None, :])
    return ops.reshape(ops.clip(_WHITE * light - 1, 0, 255), (-1, size, size, 3))


def coloured(patches: Any, draws: Any) -> Any:
    """Patches brighter or darker, with more or less contrast and colour, and of another hue.

    All at once, by one matrix: a pixel is its grey (the mean of its channels) and what it differs
    from it. Saturation stretches the difference and hue turns it about the axis of greys; contrast
    stretches all about the mean grey of the patch; brightness multiplies.

    Parameters
    ----------
    patches : (B, S, S, 3) float32, RGB, 0 to 255
    draws : (B, 4) float32
        Factors of brightness, contrast and saturation, where 1 changes nothing; turns of hue.

    Returns
    -------
    (B, S, S, 3) float32, RGB, 0 to 255
    """
    size = patches.shape[1]
    pixels: Any = ops.reshape(patches, (-1, size * size, 3))
    brightness, contrast, saturation, hue = (draws[:, at, None, None] for at in range(4))
    angle: Any = hue * np.float32(2 * np.pi)
    along: Any = ops.cos(angle)
    across: Any = ops.sin(angle)
    colour, grey = _constant(np.eye(3, dtype=np.float32) - _GREY), _constant(_GREY)
    turned = along * colour + across * _constant(_ACROSS)
    matrix = brightness * contrast * (grey + saturation * turned)
    middle: Any = ops.mean(pixels, axis=(1, 2), keepdims=True)
    changed: Any = ops.matmul(pixels, matrix) + brightness * (1 - contrast) * middle
    return ops.reshape(ops.clip(changed, 0, 255), (-1, size, size, 3))


def _constant(values: npt.NDArray[np.float32]) -> Any:
    """A tensor of the backend: PyTorch's take no arrays in arithmetic."""
    return ops.convert_to_tensor(values)


def _mixing() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Stains (rows) as red, green, blue at unit length, and the inverse; (3, 3) float32 each."""
    both = np.array(_STAINS)
    stains = np.vstack([both, np.cross(both[0], both[1])])
    mixing = stains / np.linalg.norm(stains, axis=1, keepdims=True)
    return mixing.astype(np.float32), np.linalg.inv(mixing).astype(np.float32)
