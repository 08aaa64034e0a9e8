"""A progress bar on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
_LOG_INTERVAL_S: Final = 30.0


def progress(
    items: Iterable[T] | None, what: str, *, total: int | None = None, unit: str = "slide"
) -> tqdm[T] | Any:
    """`items`, with a bar that says how many are done, how fast, and how long is left.

    In a log file, where a bar cannot be redrawn, a line every half minute.

    Parameters
    ----------
    items : iterable or None
        What to go through; None gives a bar moved by its ``update``.
    what : str
        Said in front of the bar.
    total : int or None
        Number of items, where `items` has no length.
    unit : str
        Name of one item.
    """
    plural = f"{unit}es" if unit.endswith("ch") else f"{unit}s"
    at_terminal = sys.stderr.isatty()
    interval = 0.1 if at_terminal else _LOG_INTERVAL_S
    return tqdm(
        items,
        desc=what,
        total=total,
        unit=f" {plural}",
        mininterval=interval,
        maxinterval=max(interval, 10.0),
        delay=0.0 if at_terminal else 1.0,  # no line in the log for what is over at once
        file=sys.stderr,
        dynamic_ncols=True,
    )
