"""What becomes of pixel values before the first convolution of a network.

Standard layers with fixed numbers, part of the network that is saved, in float32 whatever the dtype
policy. Weights learned elsewhere need what they were learned with.
"""

from __future__ import annotations

from typing import Any, Final

from keras import layers

_NAME: Final = "scaling"
_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue in [0, 1], as PyTorch's models use them."""
_CAFFE_MEAN: Final = (123.68, 116.779, 103.939)
"""Of ImageNet's red, green and blue in [0, 255], as Caffe's models use them."""


def symmetric(image: Any) -> Any:
    """0 to 255 becomes -1 to 1."""
    return layers.Rescaling(1 / 127.5, offset=-1, dtype="float32", name=_NAME)(image)


def standardised(image: Any) -> Any:
    """Each channel of ImageNet gets mean 0 and deviation 1."""
    return layers.Normalization(
        mean=[255 * mean for mean in _MEAN],
        variance=[(255 * deviation) ** 2 for deviation in _DEVIATION],
        dtype="float32",
        name=_NAME,
    )(image)


def centred(image: Any) -> Any:
    """Each channel of ImageNet gets mean 0; its scale stays."""
    return layers.Normalization(
        mean=list(_CAFFE_MEAN), variance=[1.0, 1.0, 1.0], dtype="float32", name=_NAME
    )(image)
