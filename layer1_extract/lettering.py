"""Text that fits into the width it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont


def wrapped(text: str, width: float, font: Font) -> list[str]:
    """`text` in lines of at most `width` px, broken between words; one line at least.

    A word wider than that is shortened.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(shortened(word, width, font))
        else:
            lines[-1] = shortened(word, width, font)
    return lines


def shortened(text: str, width: float, font: Font) -> str:
    """`text`, or its two ends with dots between, in at most `width` px."""
    if font.getlength(text) <= width:
        return text
    kept = len(text)
    while kept > 2 and font.getlength(_ends(text, kept)) > width:
        kept -= 1
    return _ends(text, kept)


def _ends(text: str, kept: int) -> str:
    start = (kept + 1) // 2
    return f"{text[:start]}...{text[len(text) - (kept - start) :]}"
