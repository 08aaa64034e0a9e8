"""Amounts in words, for people."""

from __future__ import annotations

from typing import Final

MB: Final = 10**6
GB: Final = 10**9


def size(count: float) -> str:
    """Bytes as a person reads them.

    Examples
    --------
    >>> size(67_108_864), size(1_500_000_000), size(512)
    ('67 MB', '1.5 GB', '512 bytes')
    """
    for unit, name in ((10**12, "TB"), (GB, "GB"), (MB, "MB"), (1000, "kB")):
        if count >= unit:
            digits = 1 if count < 10 * unit else 0
            return f"{count / unit:,.{digits}f} {name}".replace(".0 ", " ")
    return f"{count:.0f} bytes"


def counted(number: int, word: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "warning"), counted(2, "library")
    ('1 warning', '2 libraries')
    """
    many = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number:,} {word if number == 1 else many}"
