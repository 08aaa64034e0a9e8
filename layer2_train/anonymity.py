"""What may be told of a configuration to those who get a model without its patches."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from layer2_train.config import TrainSettings

_LISTS: Final = ("valid", "test")


def without_names(settings: TrainSettings) -> dict[str, Any]:
    """The resolved settings, patients that are named replaced by their number.

    A bundle travels further than the patches; who is in it is told by salted hashes only. Nor is
    it told on whose server results were tracked, or in which folder of whom the weights lay that
    it began with.
    """
    values = settings.model_dump(mode="json")
    values["network"]["weights"] = PurePath(settings.network.weights).name
    split = values["split"]
    for name in _LISTS:
        if isinstance(split.get(name), list):
            count = len(split[name])
            split[name] = f"{count} patient{'s' if count != 1 else ''}, by name"
    if values["tracking"]["uri"] is not None:
        values["tracking"]["uri"] = "not told"
    return values
