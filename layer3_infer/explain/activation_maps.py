"""Class activation maps through tf-keras-vis: what Grad-CAM and Grad-CAM++ have in common.

The library needs Keras on TensorFlow; both are imported when a map is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from common.errors import ConfigError
from layer3_infer.explain.explanation import Attribution
from layer3_infer.explain.layer_choice import following
from layer3_infer.explain.positions import averaged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from common.preprocessing import Preprocessing

_ACTIVATIONS: Final = frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU"})
_BETWEEN: Final = frozenset(
    {
        "BatchNormalization", "LayerNormalization", "GroupNormalization", "Dropout",
        "SpatialDropout2D",
    }
)  # fmt: skip
"""Kinds of layer that may stand between a convolution and its activation."""


@dataclass(frozen=True, eq=False)
class ActivationMaps:
    """Maps of the tumour score at one convolution; a `layer3_infer.explain.explanation.Attributor`.

    They are of its features as the network goes on with them: see `activation_of`.

    The score is the network's output before its sigmoid: a confident sigmoid is flat, and its
    gradient next to nothing. It is counted from its own value, which changes no gradient and keeps
    the exponential that Grad-CAM++ takes of it at 1 instead of overflowing.

    Departing from the library's defaults, a map is enlarged with the middle of each of its cells on
    the middle of the pixels it stands for, and is not stretched from its minimum, so that 0 stays
    "says nothing".

    Attributes
    ----------
    network : keras.Model
        Flat functional; (B, S, S, 3) float32, 0 to 255 -> (B, 1) sigmoid.
    preprocessing : Preprocessing
    layer : str
        Name of the convolution.
    method : str
        Name of the method, for messages.
    library : callable
        Imports the class of tf-keras-vis.
    options : dict
        What its call is given beside score, pixels and layer.
    """

    network: Any
    preprocessing: Preprocessing
    layer: str
    method: str
    library: Callable[[], Any]
    options: dict[str, Any]

    def __call__(self, patch: npt.NDArray[np.uint8]) -> Attribution:
        """The map of a patch, (S, S, 3) uint8: the mean over its positions, where it has several.

        In units of the score times the activation.
        """
        return Attribution(averaged(patch, self.preprocessing, self._map))

    def _map(self, shown: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        cam = self._visualiser(
            lambda output: output[:, 0] - np.asarray(output)[:, 0],
            self.preprocessing(shown[None]),
            penultimate_layer=self._features,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
            **self.options,
        )
        cells = np.asarray(cam, dtype=np.float32)[0]
        enlarged = cv2.resize(cells, shown.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(enlarged, dtype=np.float32)

    @cached_property
    def _features(self) -> str:
        return activation_of(self.network.get_config(), self.layer)

    @cached_property
    def _visualiser(self) -> Any:
        import keras

        if keras.backend.backend() != "tensorflow":
            raise ConfigError(
                f"method {self.method}: expected Keras on TensorFlow, found "
                f"{keras.backend.backend()}. Set KERAS_BACKEND=tensorflow, or take --method lime"
            )
        if self.layer not in {layer.name for layer in self.network.layers}:
            raise ConfigError(
                f"cam_layer: expected a layer of the network, found {self.layer!r}. "
                "Train the model again, or name a layer in bundle.json"
            )
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

        return self.library()(self.network, model_modifier=ReplaceToLinear(), clone=True)


def activation_of(config: Mapping[str, Any], layer: str) -> str:
    """The layer with the activation that a convolution feeds; the convolution itself without one.

    A bundle names the convolution, whose output, before normalisation and rectifier, is of any
    sign. Both methods take activations as how much of a feature is there, and Grad-CAM++ divides by
    sums of them: they must not be below 0, or hardly, as those of swish.

    Parameters
    ----------
    config : mapping
        What `keras.Model.get_config` gives for a flat functional network.
    layer : str
    """
    known = {one["name"]: one for one in config["layers"]}
    users = following(config["layers"])
    name = layer
    while not _active(known[name]):
        after = users.get(name, [])
        kind = known[after[0]]["class_name"] if len(after) == 1 else ""
        if kind not in _BETWEEN | _ACTIVATIONS:
            return layer
        name = after[0]
    return name


def _active(layer: Mapping[str, Any]) -> bool:
    linear = layer["config"].get("activation", "linear") == "linear"
    return layer["class_name"] in _ACTIVATIONS or not linear
