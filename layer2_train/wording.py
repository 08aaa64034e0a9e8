"""Numbers of results in words, as people read them."""

from __future__ import annotations

from typing import Final

FEW: Final = 5
"""Fewer patients than these say little of how much patients differ."""
_FEWEST_DIGITS: Final = 4
_MOST_DIGITS: Final = 17


def rate(interval: dict[str, float | None]) -> str:
    """A number and its interval, as far as they are known.

    Examples
    --------
    >>> rate({"value": 0.9, "low": 0.85, "high": 0.95})
    '0.900 (0.850 to 0.950)'
    """
    if interval["value"] is None:
        return "undefined"
    if interval["low"] is None:
        return f"{interval['value']:.3f}"
    return f"{interval['value']:.3f} ({interval['low']:.3f} to {interval['high']:.3f})"


def probability(value: float) -> str:
    """A probability or threshold, with enough digits that it reads as 1 only where it is.

    Examples
    --------
    >>> [probability(value) for value in (0.123456, 0.99996, 1.0)]
    ['0.1235', '0.99996', '1']
    """
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        text = f"{value:.{digits}g}"
        if float(text) != 1 or value == 1:
            return text
    return repr(value)


def counted(groups: int, over: str) -> str:
    """Over how many of what an interval is.

    Parameters
    ----------
    groups : int
    over : str
        What the groups are, as in `Origins.over`.

    Examples
    --------
    >>> counted(2, "patients"), counted(1, "slides")
    ('2 patients', '1 slide')
    """
    return f"{groups} {over.removesuffix('s') if groups == 1 else over}"


def basis(groups: int, over: str) -> str:
    """What intervals rest on, and whether that is enough; parameters as in `counted`.

    Examples
    --------
    >>> basis(2, "patients")
    '95 % intervals over 2 patients: too few to rely on'
    """
    if groups < 2:
        return f"no intervals: all patches are of {counted(groups, over)}"
    warning = ": too few to rely on" if groups < FEW else ""
    return f"95 % intervals over {counted(groups, over)}{warning}"
