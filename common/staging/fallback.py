"""Work on a copy of a slide, done once more in place where scratch failed it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from common.outcomes import held
from common.staging.slides import staged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.staging.desk import Desk
    from common.staging.scratch import Scratch
    from common.staging.slides import Staged

T = TypeVar("T")
log = logging.getLogger(__name__)


def from_scratch(
    scratch: Scratch | None, entry: SlideEntry, work: Callable[[SlideEntry, Desk | None], T]
) -> T:
    """What `work` gives of a slide, done on scratch; once more in place where scratch failed it.

    Parameters
    ----------
    scratch : Scratch or None
    entry : SlideEntry
    work : callable
        Takes the slide to read, and the desk to write results on first. What it raises is raised
        here, with the slide's own path in place of the copy's.
    """

    def proven() -> T:
        result = work(copy.entry, copy.desk)
        copy.prove()
        return result

    with staged(scratch, entry) as copy:
        return settled(copy, entry.path, proven, lambda: work(entry, None))


def settled(copy: Staged, path: Path, work: Callable[[], T], in_place: Callable[[], T]) -> T:
    """What `work` gives; what `in_place` gives where scratch failed it.

    Parameters
    ----------
    copy : Staged
        What `work` reads. An error of the slide is told by the slide's own path.
    path : Path
        The slide's own.
    work, in_place : callable
    """
    done = held(work)
    if done.error is None:
        return done()
    if not copy.at_fault(done.error):
        raise copy.told(done.error)
    log.warning("%s: done once more without --scratch, which failed: %s", path, done.error)
    return in_place()
