"""The names of the parts a slide is cut into, for every file that belongs to one."""

from __future__ import annotations

import re
from typing import Final

_PART: Final = re.compile(r"(.+)\.part-(\d+)-of-(\d+)")


def part_name(slide_id: str, part: int, parts: int) -> str:
    """What the files of one part are called, without their suffix; a whole slide's bear its id.

    Examples
    --------
    >>> part_name("a", 0, 1), part_name("a", 1, 3)
    ('a', 'a.part-1-of-3')
    """
    return slide_id if parts == 1 else f"{slide_id}.part-{part}-of-{parts}"


def parse_part(name: str) -> tuple[str, int, int]:
    """Slide id, part and number of parts that `part_name` made `name` of.

    Examples
    --------
    >>> parse_part("a.part-1-of-3"), parse_part("a")
    (('a', 1, 3), ('a', 0, 1))
    """
    match = _PART.fullmatch(name)
    return (match[1], int(match[2]), int(match[3])) if match else (name, 0, 1)
