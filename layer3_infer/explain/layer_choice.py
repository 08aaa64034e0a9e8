"""Which layers of a network are asked about concepts. Reads its configuration, and no weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENDS: Final = frozenset(
    {"Activation", "ReLU", "LeakyReLU", "Add", "Concatenate", "MaxPooling2D", "AveragePooling2D"}
)
"""Kinds of layer that blocks end with; what follows a convolution at once is still the block's."""


_PIXELS: Final = frozenset({"InputLayer", "Rescaling", "Normalization"})
"""Kinds of layer that still hold the patch itself."""


def default_layers(config: Mapping[str, Any], cam_layer: str, count: int) -> tuple[str, ...]:
    """Ends of blocks spread over the depth of a network, and the layer activation maps look at.

    Parameters
    ----------
    config : mapping
        What `keras.Model.get_config` gives for a flat functional network.
    cam_layer : str
        The last convolution: the last layer chosen. Behind it the score is as good as linear.
    count : int
        How many layers at most, at least 2.
    """
    layers = config["layers"]
    kind = {layer["name"]: layer["class_name"] for layer in layers}
    before = list(kind)[: list(kind).index(cam_layer)]
    narrow = [n for n in necks(config) if n in before and kind[n] not in _PIXELS]
    ends = [name for name in narrow if kind[name] in _ENDS] or narrow
    # of several in a row, such as a sum and its activation, the last
    users = following(layers)
    last = {*ends, *([cam_layer] if kind[cam_layer] in _ENDS else [])}
    ends = [name for name in ends if not set(users.get(name, ())) <= last]
    chosen = np.unique(np.linspace(0, len(ends) - 1, count - 1).round().astype(int)) if ends else []
    return (*[ends[place] for place in chosen], cam_layer)


def necks(config: Mapping[str, Any]) -> list[str]:
    """The layers that every path through the network leads through, from first to last."""
    layers = config["layers"]
    names = [layer["name"] for layer in layers]
    place = {name: number for number, name in enumerate(names)}
    furthest = {name: place[name] for name in names}
    for name, users in following(layers).items():
        furthest[name] = max(place[user] for user in users)
    found, reach = [], 0
    for name in names:
        if reach <= place[name]:
            found.append(name)
        reach = max(reach, furthest[name])
    return found


def following(layers: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The layers that take the output of each."""
    found: dict[str, list[str]] = {}
    for layer in layers:
        for source in _sources(layer["inbound_nodes"]):
            found.setdefault(source, []).append(layer["name"])
    return found


def _sources(node: Any) -> Iterator[str]:
    """The layers whose outputs a serialised call names, however deep."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"][0]
        else:
            for value in node.values():
                yield from _sources(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _sources(value)
