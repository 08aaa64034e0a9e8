"""Into how many parts a slide can be cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import ConfigError
from layer1_extract.config import DenseSampling

if TYPE_CHECKING:
    from layer1_extract.config import ExtractSettings


def check_blocks(blocks: int, settings: ExtractSettings) -> None:
    """Refuse a number of parts that random sampling is not prepared for.

    A slide is drawn from ``sampling.draws`` times whether it is cut or not, so that cutting it
    changes nothing.

    Raises
    ------
    ConfigError
        Naming both numbers.
    """
    if blocks == 1 or isinstance(settings.sampling, DenseSampling):
        return
    draws = settings.sampling.draws
    if blocks != draws:
        raise ConfigError(
            f"--blocks: expected {draws}, the sampling.draws of random sampling, found {blocks}. "
            f"Give --set sampling.draws={blocks}, or cut no slide"
        )
