"""Numbers of results in words, as people read them."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "–"  # noqa: RUF001
"""Where there is no number."""

_NEARLY_ONE: Final = ">0.999"
_NEARLY_NONE: Final = "<0.001"


def probability(value: float | None) -> str:
    """A probability with three decimals, which reads as 1 or as 0 only where it is.

    A dash where there is none.

    Examples
    --------
    >>> [probability(value) for value in (0.1236, 0.9999, 1.0, 0.0001, 0.0)]
    ['0.124', '>0.999', '1.000', '<0.001', '0.000']
    """
    if value is None:
        return UNKNOWN
    text = f"{value:.3f}"
    if text == "1.000" and value < 1:
        return _NEARLY_ONE
    return _NEARLY_NONE if text == "0.000" and value > 0 else text
