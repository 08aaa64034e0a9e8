"""The library below Keras: a program of its own, since one built for other processors ends it.

    python -m common.doctor.backend [MODULE:FUNCTION]...

Prints a line, a JSON object, after each step: what was loaded, the devices it sees, the answer of a
tiny network, and what each FUNCTION gives.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.cluster import quiet_libraries, share_device_memory

if TYPE_CHECKING:
    import numpy.typing as npt

_SIDE: Final = 8
_FILTERS: Final = 4


def main(functions: list[str]) -> None:
    """Print what is found, step by step."""
    quiet_libraries()
    share_device_memory()  # with the work that may be under way
    import keras

    _tell("loaded", keras=keras.version(), backend=keras.backend.backend())
    _tell("devices", devices=_devices())
    patch = np.random.default_rng(0).integers(0, 256, (1, _SIDE, _SIDE, 3)).astype(np.float32)
    _tell("answer", answer=answer(patch), expected=expected(patch))
    for function in functions:
        module, _, name = function.partition(":")
        _tell(name, **getattr(import_module(module), name)())


def answer(patch: npt.NDArray[np.float32]) -> float:
    """What a tiny network of known weights says of a patch, (1, side, side, 3)."""
    import keras

    constant: Any = keras.initializers.Constant(0.1)
    network = keras.Sequential(
        [
            keras.Input((_SIDE, _SIDE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(_FILTERS, 3, kernel_initializer=constant, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, kernel_initializer=constant, activation="sigmoid"),
        ]
    )
    return float(np.asarray(network.predict_on_batch(patch))[0, 0])


def expected(patch: npt.NDArray[np.float32]) -> float:
    """The same, worked out."""
    squares = np.lib.stride_tricks.sliding_window_view(patch[0] / 255, (3, 3, 3))
    mean = 0.1 * squares.sum(axis=(-3, -2, -1)).mean()
    return float(1 / (1 + np.exp(-0.1 * _FILTERS * mean)))


def _devices() -> list[str]:
    import keras

    try:
        return [str(device) for device in keras.distribution.list_devices()]
    except (AttributeError, NotImplementedError):
        return []


def _tell(step: str, **found: Any) -> None:
    sys.stdout.write(json.dumps({"step": step, **found}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
