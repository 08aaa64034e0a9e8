"""A place on a slide, as a command line names it."""

from __future__ import annotations

from typing import Any, Final

import click


class Place(click.ParamType):
    """``X,Y``, level-0 px, to (x, y).

    Examples
    --------
    >>> Place().convert("1200,840")
    (1200, 840)
    """

    name = "place"

    def convert(
        self, value: Any, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> tuple[int, int]:
        """The two numbers; anything else is a mistake of who typed it."""
        try:
            x, y = (int(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"expected X,Y in level-0 px such as 1200,840, found {value!r}", param, ctx)
        return x, y


PLACE: Final = Place()
