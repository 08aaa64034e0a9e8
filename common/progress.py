"""A progress bar on standard error."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
_LOG_INTERVAL_S: Final = 30.0
_LOOK_S: Final = 0.5
_SHARE_FORMAT: Final = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"


def progress(
    items: Iterable[T] | None,
    what: str,
    *,
    total: int | None = None,
    unit: str = "slide",
    shown: bool = True,
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
    shown : bool
        Whether there is a bar at all.
    """
    plural = f"{unit}es" if unit.endswith("ch") else f"{unit}s"
    at_terminal = sys.stderr.isatty()
    interval = 0.1 if at_terminal else _LOG_INTERVAL_S
    return tqdm(
        items,
        desc=what,
        total=total,
        unit=f" {plural}",
        disable=not shown,
        mininterval=interval,
        maxinterval=max(interval, 10.0),
        delay=0.0 if at_terminal else 1.0,  # no line in the log for what is over at once
        file=sys.stderr,
        dynamic_ncols=True,
    )


@contextmanager
def live(what: str, look: Callable[[], tuple[float, str]]) -> Generator[None, None, None]:
    """A bar over work that goes on elsewhere, looked at twice a second.

    In a log file, a line every half minute.

    Parameters
    ----------
    what : str
        Said in front of the bar.
    look : callable
        Gives the share that is done, 0 to 1, and a text to say behind the bar. Called in a thread
        of its own.
    """
    at_terminal = sys.stderr.isatty()
    interval = _LOOK_S / 2 if at_terminal else _LOG_INTERVAL_S
    bar = tqdm(
        desc=what,
        total=1.0,
        bar_format=_SHARE_FORMAT,
        mininterval=interval,
        miniters=0,
        delay=0.0 if at_terminal else 1.0,
        file=sys.stderr,
        dynamic_ncols=True,
    )

    def move() -> None:
        share, text = look()
        bar.set_postfix_str(text, refresh=False)
        bar.update(max(0.0, min(share, 1.0) - bar.n))

    def follow() -> None:
        while not ended.wait(_LOOK_S):
            move()

    ended = threading.Event()
    following = threading.Thread(target=follow, daemon=True)
    following.start()
    try:
        yield
    finally:
        ended.set()
        following.join()
        move()
        bar.close()
