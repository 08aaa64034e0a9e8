"""Whether a method's maps have anything to do with the network's weights.

Adebayo et al. 2018, arXiv:1810.03292: the weights are made random from the output down, and alone
layer by layer; maps that stay as they were are drawn from the picture, not from the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layer3_infer.explain.stability import rank_correlation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Maps = Sequence[npt.NDArray[np.float32]]

MOST_EMPTY: Final = 0.5
"""Share of empty maps from which on the others are too few to judge a method by."""

_TINY: Final = 1e-12


@dataclass(frozen=True)
class Depth:
    """How alike the maps of trained and random weights are, up to one layer.

    Attributes
    ----------
    layer : str
        The deepest layer made random, counted from the output.
    layers : int
        How many layers with weights are random: 1 is that of the output.
    cascading_rank, cascading_ssim : float
        Mean over the patches of Spearman's rank correlation and of the structural similarity of the
        absolute maps, with every layer from the output to this one random.
    independent_rank, independent_ssim : float
        The same with this layer alone random.
    cascading_empty, independent_empty : float
        Share of the patches left out of these means: a map without a value other than 0, of
        trained or of random weights, is like no other and says nothing. Where all are, the means
        are NaN.
    """

    layer: str
    layers: int
    cascading_rank: float
    cascading_ssim: float
    independent_rank: float
    independent_ssim: float
    cascading_empty: float = 0.0
    independent_empty: float = 0.0


@dataclass(frozen=True)
class Sanity:
    """What became of one method's maps.

    Attributes
    ----------
    method : str
    patches : int
    least_change : float
        The rank correlation with every weight random, at or below which the method passes.
    depths : tuple of Depth
        From the output down; the last has every weight random.
    """

    method: str
    patches: int
    least_change: float
    depths: tuple[Depth, ...]

    @property
    def passes(self) -> bool:
        """Whether the maps change when every weight is random, and most of them are not empty."""
        last = self.depths[-1]
        return last.cascading_empty < MOST_EMPTY and last.cascading_rank <= self.least_change

    @property
    def verdict(self) -> str:
        """The same in words."""
        last = self.depths[-1]
        rank, ssim = last.cascading_rank, last.cascading_ssim
        empty = f"of {last.cascading_empty:.0%} of the patches a map is empty"
        if last.cascading_empty >= MOST_EMPTY:
            return f"{empty}: too few are left to say whether the maps depend on the weights"
        how = "change" if self.passes else "hardly change"
        means = (
            "they depend on the network's weights"
            if self.passes
            else "they show the picture rather than the network; do not rely on them"
        )
        return (
            f"the maps {how} when the weights are random: rank correlation {rank:.2f}, structural "
            f"similarity {ssim:.2f} (1 is unchanged): {means}"
            f"{f'; {empty} and left out' if last.cascading_empty else ''}"
        )


def random_copy(network: Any, layers: Sequence[str], seed: int) -> Any:
    """A copy of a network in which some layers have random weights; the network is left as it is.

    Arrays of two axes and more are drawn anew, normally distributed and as large in the root mean
    square as they were; of biases and the like, the values are shuffled. So activations keep their
    size, and what was learned is gone.

    Parameters
    ----------
    network : keras.Model
    layers : sequence of str
        Names of layers.
    seed : int
        A layer gets the same weights whichever others are random.
    """
    import keras

    copy: Any = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    names = weighted_layers(network)
    for name in layers:
        rng = np.random.default_rng((seed, names.index(name)))
        layer = copy.get_layer(name)
        layer.set_weights([_random(values, rng) for values in layer.get_weights()])
    return copy


def weighted_layers(network: Any) -> list[str]:
    """Names of the layers with weights, that of the output first."""
    return [layer.name for layer in reversed(network.layers) if layer.weights]


def depths_of(count: int, wanted: int) -> list[int]:
    """How many of `count` layers are random at each depth: from 1 to all, evenly spread.

    Examples
    --------
    >>> depths_of(9, 5), depths_of(2, 5)
    ([1, 3, 5, 7, 9], [1, 2])
    """
    return sorted({round(depth) for depth in np.linspace(1, count, min(wanted, count))})


def mean_likeness(trained: Maps, others: Maps) -> tuple[float, float, float]:
    """Means of `likeness` over the pairs without an empty map, and the share of the pairs with one.

    The means are NaN where every pair has one.
    """
    pairs = [pair for pair in zip(trained, others, strict=True) if all(map(np.any, pair))]
    empty = 1 - len(pairs) / len(trained)
    if not pairs:
        return float("nan"), float("nan"), empty
    rank, ssim = np.mean([likeness(*pair) for pair in pairs], axis=0).tolist()
    return rank, ssim, empty


def likeness(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Rank correlation and structural similarity of the absolute values of two maps, (S, S).

    For the second, each is divided by its largest value.
    """
    from skimage.metrics import structural_similarity

    a, b = np.abs(one), np.abs(other)
    a, b = (values / max(float(values.max()), _TINY) for values in (a, b))
    window = min(7, 2 * ((min(a.shape) + 1) // 2) - 1)
    ssim: Any = structural_similarity(a, b, data_range=1.0, win_size=window)
    return rank_correlation(a, b), float(ssim)


def _random(values: npt.NDArray[np.floating], rng: np.random.Generator) -> npt.NDArray[np.floating]:
    if values.ndim < 2:
        return rng.permutation(values)
    size = float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
    return rng.normal(0, size, values.shape).astype(values.dtype)
