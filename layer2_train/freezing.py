"""Which weights an epoch leaves as they are.

A training has one or two phases: what is asked for is frozen in phase 0, nothing is in phase 1. A
batch normalisation that is frozen uses its running means and leaves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import ConfigError, unknown_name
from layer2_train.architectures import POOLING

if TYPE_CHECKING:
    from layer2_train.settings.network import FreezeSettings

_KEY = "network.freeze.until"
_BODY = "body"


def phase_of(settings: FreezeSettings, epoch: int) -> int:
    """The phase of an epoch, counted from 1.

    Examples
    --------
    >>> from layer2_train.settings.network import FreezeSettings
    >>> [phase_of(FreezeSettings(until="body", epochs=2), epoch) for epoch in (1, 2, 3)]
    [0, 0, 1]
    """
    ends = settings.until is not None and settings.epochs is not None
    return int(ends and epoch > (settings.epochs or 0))


def rate_factor(settings: FreezeSettings, phase: int) -> float:
    """What the learning rate is multiplied by in a phase."""
    return settings.learning_rate_factor if phase else 1.0


def epochs_of(settings: FreezeSettings, phase: int, epochs: int) -> int:
    """How many of `epochs` epochs are of one phase; at least 1.

    Examples
    --------
    >>> from layer2_train.settings.network import FreezeSettings
    >>> [epochs_of(FreezeSettings(until="body", epochs=2), phase, 10) for phase in (0, 1)]
    [2, 8]
    """
    own = sum(phase_of(settings, epoch) == phase for epoch in range(1, epochs + 1))
    return max(1, own)


def freeze(network: Any, settings: FreezeSettings, phase: int) -> None:
    """Freeze and thaw the layers of a Keras model as a phase asks.

    A model that was compiled with it must be compiled again.

    Raises
    ------
    ConfigError
        If it has no such layer, or nothing would be left to train.
    """
    frozen = _frozen(network, settings.until) if phase == 0 else set()
    for layer in network.layers:
        layer.trainable = layer.name not in frozen
    if not network.trainable_variables:
        raise ConfigError(
            f"{_KEY}: expected a layer before the last that has weights, found "
            f"{settings.until!r}, after which there is nothing to train. Give {_BODY}"
        )


def _frozen(network: Any, until: str | None) -> set[str]:
    """Names of the layers up to `until`, in the order of the network's summary."""
    if until is None:
        return set()
    names = [layer.name for layer in network.layers]
    if until == _BODY:
        return set(names[: names.index(POOLING)])
    if until not in names:
        weighty = [layer.name for layer in network.layers if layer.weights]
        said = unknown_name("layer", until, [_BODY, *weighty])
        raise ConfigError(f"{_KEY}: found {until!r}: {said}")
    return set(names[: names.index(until) + 1])
