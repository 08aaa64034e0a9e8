"""Networks of `keras.applications`, laid on an input of our own."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTED: Final = re.compile(r"_\d+$")


def body(application: Callable[..., Any], scaled: Any, **options: Any) -> Any:
    """The feature maps, (B, h, w, C), of a network of Keras' without its top.

    Its layers become part of one flat model: class activation maps cannot look into a model that
    is a layer of another. Layers that Keras only numbers, counting all it made so far, are
    numbered anew from 1, so that a network has the same names whenever it is built.

    Parameters
    ----------
    application : callable
        Of `keras.applications`.
    scaled : KerasTensor
        (B, S, S, 3), pixels as the network takes them.
    **options
        What else it should know.
    """
    made = application(include_top=False, weights=None, input_tensor=scaled, **options)
    counts: Counter[str] = Counter()
    for layer in made.layers:
        stem = _COUNTED.sub("", layer.name)
        if stem.replace("_", "") == type(layer).__name__.lower():
            counts[stem] += 1
            layer.name = f"{stem}_{counts[stem]}"
    return made.output
