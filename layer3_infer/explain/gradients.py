"""Activations of a network's layers, and how the tumour score changes with them.

The one module that takes gradients; Keras 3 has none of its own, so each backend's are asked for
here, imported when they are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from common.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class LayerView:
    """What one layer does with some patches.

    Attributes
    ----------
    activations : (N, F) float32
        Mean over all places of the layer's output; of a dense layer the output itself.
    gradients : (N, F) float32
        Derivative of the score by these activations: see `Gradients`.
    """

    activations: npt.NDArray[np.float32]
    gradients: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Activations at some layers, and gradients of the score before its sigmoid.

    The output of a spatial layer, a(x, y, f), is pooled to its mean over the places. Adding a
    vector v to the output at *every* place adds v to the mean, and changes the score by the sum
    over the places of d score / d a(x, y, f), times v(f), for a small v. That sum is the gradient
    given here: its product with a unit vector of the pooled space is the directional derivative of
    the score along it. It is measured as such: a vector of zeros, one per patch, is added to the
    layer's output at every place, and the score is derived by it. A layer need not be one that
    all paths of the network lead through.

    The score is the network's output before its sigmoid: a confident sigmoid is flat. Where the
    network is shown a patch in several positions, activations and gradients are their means over
    them. Batches are padded to one size, so that a patch's numbers do not depend on its company.

    Attributes
    ----------
    network : keras.Model
        Flat functional; (B, S, S, 3) float32, 0 to 255 -> (B, 1) sigmoid. Left as it is.
    preprocessing : Preprocessing
    layers : tuple of str
        Their names.
    batch_size : int
    """

    network: Any
    preprocessing: Preprocessing
    layers: tuple[str, ...]
    batch_size: int = 32

    def prepare(self) -> None:
        """Make ready what does not depend on patches, and refuse what cannot be made ready.

        Raises
        ------
        ConfigError
            If the network has no such layer, or does not end in a sigmoid of one number.
        """
        _ = self._derive

    def __call__(self, patches: npt.NDArray[np.uint8]) -> dict[str, LayerView]:
        """What each layer does with patches.

        Parameters
        ----------
        patches : (N, S, S, 3) uint8, RGB
            In the colours that `preprocessing.fit` gives their slide; one at least.
        """
        starts = range(0, len(patches), self.batch_size)
        parts = [self._batch(patches[start : start + self.batch_size]) for start in starts]
        return {
            name: LayerView(
                np.concatenate([activations[row] for activations, _ in parts]),
                np.concatenate([gradients[row] for _, gradients in parts]),
            )
            for row, name in enumerate(self.layers)
        }

    def _batch(
        self, patches: npt.NDArray[np.uint8]
    ) -> tuple[list[npt.NDArray[np.float32]], list[npt.NDArray[np.float32]]]:
        padded = np.zeros((self.batch_size, *patches.shape[1:]), dtype=np.uint8)
        padded[: len(patches)] = patches
        shown = [
            self._derive(self.preprocessing(position))
            for position in self.preprocessing.positions(padded)
        ]
        activations, gradients = (
            [self._mean(parts)[: len(patches)] for parts in zip(*each, strict=True)]
            for each in zip(*shown, strict=True)
        )
        return activations, gradients

    def _mean(self, parts: Sequence[Any]) -> npt.NDArray[np.float32]:
        """Of arrays (B, 1, ..., F), one per position: (B, F)."""
        mean = np.mean([np.asarray(part, dtype=np.float32) for part in parts], axis=0)
        return np.reshape(mean, (self.batch_size, -1))

    @cached_property
    def _derive(self) -> _Derive:
        import keras

        backend = keras.backend.backend()
        if backend not in _DERIVATIVES:
            known = ", ".join(_DERIVATIVES)
            raise ConfigError(
                f"concepts: expected Keras on one of {known}, found {backend}. Set KERAS_BACKEND"
            )
        self._check()
        model, shifts = _shiftable(self.network, self.layers, self.batch_size)
        return _DERIVATIVES[backend](model, shifts)

    def _check(self) -> None:
        known = [layer.name for layer in self.network.layers]
        missing = [name for name in self.layers if name not in known]
        if missing:
            raise ConfigError(
                f"layers: expected layers of the network, found {', '.join(missing)}. "
                f"There are: {', '.join(known)}"
            )
        last = self.network.layers[-1]
        ends = getattr(getattr(last, "activation", None), "__name__", None)
        if ends != "sigmoid":
            raise ConfigError(
                f"the network: expected a sigmoid at its end, found {last.name!r} with {ends}. "
                "Train it with layer2-train"
            )


def _shiftable(network: Any, names: Sequence[str], batch: int) -> tuple[Any, list[Any]]:
    """A copy of the network whose layers' outputs can be shifted.

    Returns
    -------
    keras.Model
        (B, S, S, 3) -> [pooled output of each layer..., score before the sigmoid].
    list of keras.Variable
        One per layer, zeros of (B, 1, ..., F).
    """
    import keras

    class Shift(keras.layers.Layer):
        """Adds its one weight, a vector per patch, at every place."""

        def build(self, input_shape: tuple[int | None, ...]) -> None:
            shape = (batch, *[1] * (len(input_shape) - 2), input_shape[-1])
            self.shift = self.add_weight(shape=shape, initializer="zeros", name="shift")

        def call(self, inputs: Any) -> Any:
            return inputs + self.shift

        def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
            return input_shape  # JAX would not guess it, as batches of other sizes don't fit

    added: dict[str, Any] = {}
    pooled: dict[str, Any] = {}
    last = network.layers[-1].name

    def copied(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name == last:
            config["activation"] = "linear"
        return type(layer).from_config(config)

    def called(layer: Any, *given: Any, **options: Any) -> Any:
        found = layer(*given, **options)
        if layer.name not in names:
            return found
        added[layer.name] = Shift()
        shifted = added[layer.name](found)
        places = tuple(range(1, len(shifted.shape) - 1))
        pooled[layer.name] = keras.ops.mean(shifted, axis=places) if places else shifted
        return shifted

    copy = keras.models.clone_model(network, clone_function=copied, call_function=called)
    for layer in network.layers:
        if layer.weights:  # a layer without any may have got another name
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    model = keras.Model(copy.inputs, [*[pooled[name] for name in names], *copy.outputs])
    return model, [added[name].shift for name in names]


def _with_tensorflow(model: Any, shifts: list[Any]) -> _Derive:
    import tensorflow as tf

    variables = [shift.value for shift in shifts]

    @tf.function
    def derive(pixels: Any) -> tuple[list[Any], list[Any]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            *activations, score = model(pixels, training=False)
            total = tf.reduce_sum(score)
        zero = tf.UnconnectedGradients.ZERO
        return activations, tape.gradient(total, variables, unconnected_gradients=zero)

    return lambda pixels: derive(tf.constant(pixels))


def _with_jax(model: Any, shifts: list[Any]) -> _Derive:
    import jax  # pyright: ignore[reportMissingImports]
    import keras

    def total(values: list[Any], pixels: Any) -> tuple[Any, list[Any]]:
        with keras.StatelessScope(state_mapping=list(zip(shifts, values, strict=True))):
            *activations, score = model(pixels, training=False)
        return score.sum(), activations

    derive = jax.jit(jax.grad(total, has_aux=True))
    values = [shift.value for shift in shifts]

    def derived(pixels: npt.NDArray[np.float32]) -> tuple[list[Any], list[Any]]:
        gradients, activations = derive(values, pixels)
        return activations, gradients

    return derived


def _with_torch(model: Any, shifts: list[Any]) -> _Derive:
    import keras
    import torch  # pyright: ignore[reportMissingImports]

    values = [shift.value for shift in shifts]

    def derived(pixels: npt.NDArray[np.float32]) -> tuple[list[Any], list[Any]]:
        *activations, score = model(keras.ops.convert_to_tensor(pixels), training=False)
        gradients = torch.autograd.grad(score.sum(), values)
        return _arrays(activations), _arrays(gradients)

    return derived


def _arrays(tensors: Sequence[Any]) -> list[Any]:
    """Tensors of PyTorch, from whichever device."""
    return [tensor.detach().cpu().numpy() for tensor in tensors]


if TYPE_CHECKING:
    _Derive = Callable[[npt.NDArray[np.float32]], tuple[Sequence[Any], Sequence[Any]]]

_DERIVATIVES: dict[str, Callable[[Any, list[Any]], _Derive]] = {
    "tensorflow": _with_tensorflow,
    "jax": _with_jax,
    "torch": _with_torch,
}
