"""Slides copied to scratch while those before them are worked on."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from common.errors import PipelineError
from common.staging.slides import staged

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from common.cohort import SlideEntry
    from common.staging.scratch import Scratch


@contextmanager
def copied_ahead(
    scratch: Scratch | None, entries: Sequence[SlideEntry], at_once: int
) -> Generator[Callable[[str], None], None, None]:
    """Copy slides in their order, one more than are worked on; whoever works on one has it then.

    Parameters
    ----------
    scratch : Scratch or None
    entries : sequence of SlideEntry
        Of each unit of work, in the order in which they are begun; parts of a slide have the same.
    at_once : int
        Units that are worked on at the same time.

    Yields
    ------
    callable
        To be told the slide_id of each unit that has ended. Copies go with the last of a slide.
    """
    if scratch is None:
        yield lambda _: None
        return
    work = _Ahead(scratch, entries, at_once)
    thread = threading.Thread(target=work.run, name="copying ahead", daemon=True)
    thread.start()
    try:
        yield work.ended
    finally:
        work.stop()
        thread.join()


class _Ahead:
    def __init__(self, scratch: Scratch, entries: Sequence[SlideEntry], at_once: int) -> None:
        self._scratch = scratch
        self._entries = entries
        self._reach = at_once
        self._left = Counter(entry.slide_id for entry in entries)
        self._kept: dict[str, ExitStack] = {}
        self._changed = threading.Condition()
        self._stopped = False

    def run(self) -> None:
        """Copy until all is done, or `stop`, or Ctrl-C, which is the main thread's to tell."""
        with suppress(KeyboardInterrupt):
            self._run()

    def _run(self) -> None:
        for place, entry in enumerate(self._entries):
            with self._changed:
                self._changed.wait_for(lambda place=place: self._stopped or place <= self._reach)
                if self._stopped:
                    return
                known = entry.slide_id in self._kept or not self._left[entry.slide_id]
            if not known:
                self._copy(entry)

    def ended(self, slide_id: str) -> None:
        """One unit of a slide has ended."""
        with self._changed:
            self._reach += 1
            self._left[slide_id] -= 1
            self._let_go(slide_id)
            self._changed.notify_all()

    def stop(self) -> None:
        """Nothing more is wanted."""
        with self._changed:
            self._stopped = True
            for slide_id in list(self._kept):
                self._left[slide_id] = 0
                self._let_go(slide_id)
            self._changed.notify_all()

    def _copy(self, entry: SlideEntry) -> None:
        with ExitStack() as stack:
            try:
                stack.enter_context(staged(self._scratch, entry))
            except (PipelineError, OSError):
                return  # whoever needs the slide will meet it, and say so
            with self._changed:
                self._kept[entry.slide_id] = stack.pop_all()
                if self._stopped:
                    self._left[entry.slide_id] = 0
                self._let_go(entry.slide_id)

    def _let_go(self, slide_id: str) -> None:
        if not self._left[slide_id] and slide_id in self._kept:
            self._kept.pop(slide_id).close()
