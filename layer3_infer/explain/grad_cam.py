"""Gradient-weighted class activation maps, through tf-keras-vis.

Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74. TensorFlow is imported when a map is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class GradCam:
    """Grad-CAM of the tumour score at one convolution.

    The score is the network's output before its sigmoid: a confident sigmoid is flat, and its
    gradient next to nothing. Departing from the library's default, a map is divided by its
    maximum and not stretched from its minimum, so that 0 stays "nothing speaks for tumour".

    Attributes
    ----------
    network : keras.Model
        Flat functional; (B, S, S, 3) float32, 0 to 255 -> (B, 1) sigmoid.
    preprocessing : Preprocessing
    layer : str
        Name of the convolution.
    """

    network: Any
    preprocessing: Preprocessing
    layer: str

    def __call__(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Maps of patches; one at a time, so that none depends on the others.

        Parameters
        ----------
        patches : (N, S, S, 3) uint8, RGB

        Returns
        -------
        (N, S, S) float32
            In [0, 1]; all 0 where the network found nothing that speaks for tumour.
        """
        maps = np.zeros(patches.shape[:3], dtype=np.float32)
        for row, patch in enumerate(patches):
            maps[row] = self._map(self.preprocessing(patch[None]))
        return maps

    def _map(self, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        from tf_keras_vis.utils.scores import BinaryScore

        cam = self._visualiser(
            BinaryScore(True),  # noqa: FBT003 - tf-keras-vis names no parameter here
            pixels,
            penultimate_layer=self.layer,
            seek_penultimate_conv_layer=False,
            normalize_cam=False,
        )
        found = np.maximum(np.asarray(cam, dtype=np.float32)[0], 0)
        strongest = found.max()
        return found / strongest if strongest > 0 else np.zeros_like(found)

    @cached_property
    def _visualiser(self) -> Any:
        import keras

        if keras.backend.backend() != "tensorflow":
            raise ConfigError(
                "method grad_cam: expected Keras on TensorFlow, found "
                f"{keras.backend.backend()}. Set KERAS_BACKEND=tensorflow"
            )
        if self.layer not in {layer.name for layer in self.network.layers}:
            raise ConfigError(
                f"cam_layer: expected a layer of the network, found {self.layer!r}. "
                "Train the model again, or name a layer in bundle.json"
            )
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

        return Gradcam(self.network, model_modifier=ReplaceToLinear(), clone=True)
