"""Patch files of a training, read from copies on scratch for as long as it lasts."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.errors import ContractError, PipelineError
from common.patch_file.reader import PatchFile
from common.staging import FileSet

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import h5py
    import numpy as np
    import numpy.typing as npt

    from common.staging import Hold, Scratch
    from layer2_train.plan import Plan
    from layer2_train.ranks import Ranks

_TURN_S: Final = 2.0
log = logging.getLogger(__name__)


class CopiedPatchFile(PatchFile):
    """A patch file read from a copy; from the file itself when the copy cannot be read any more.

    Parameters
    ----------
    copy, source : Path
    """

    def __init__(self, copy: Path, source: Path) -> None:
        super().__init__(copy)
        self._source = source

    @property
    def file(self) -> h5py.File:
        """See `PatchFile.file`."""
        try:
            return super().file
        except ContractError as error:
            self._leave_copy(error)
            return super().file

    def begin(
        self, rows: npt.NDArray[np.int64], patches: npt.NDArray[np.uint8]
    ) -> Callable[[], None]:
        """See `PatchFile.begin`."""
        try:
            return super().begin(rows, patches)
        except ContractError as error:
            self._leave_copy(error)
            return super().begin(rows, patches)

    def _leave_copy(self, error: ContractError) -> None:
        """Read the file itself from now on; raises the error where that is done already."""
        if self.path == self._source:
            raise error
        log.warning("%s is read in place from now on, its copy failed: %s", self._source, error)
        self.close()
        self.path = self._source


@contextmanager
def on_scratch(plan: Plan, scratch: Scratch | None, ranks: Ranks) -> Generator[Plan, None, None]:
    """The same plan, with its files read from scratch; ranks of a node share the copies.

    Files for which there is no room, or of no split, are read in place; all of them where scratch
    fails.

    Raises
    ------
    CopyError
        If a copy differs from its file, twice.
    """
    if scratch is None:
        yield plan
        return
    try:
        with ExitStack() as stack:
            yield from _held(plan, _hold(scratch, stack), ranks)
    finally:
        scratch.sweep()  # of ranks that died


def _hold(scratch: Scratch, stack: ExitStack) -> Hold | None:
    """This process's folder on scratch; None where none can be made."""
    try:
        return stack.enter_context(scratch.hold())
    except OSError as error:
        said = "--scratch %s: all patch files are read in place: %s"
        log.warning(said, scratch.folder, error.strerror or error)
        return None


def _held(plan: Plan, hold: Hold | None, ranks: Ranks) -> Generator[Plan, None, None]:
    try:
        yield replace(plan, files=_copied_together(plan, hold, ranks))
    except PipelineError as error:
        if hold is not None:
            error.args = (hold.told(str(error)), *error.args[1:])
        raise


def _copied_together(plan: Plan, hold: Hold | None, ranks: Ranks) -> tuple[PatchFile, ...]:
    """Every rank copies, and says now and then that it is there, until all have done it."""
    with ThreadPoolExecutor(1, thread_name_prefix="copying") as pool:
        copying = pool.submit(lambda: plan.files if hold is None else _copied(plan, hold))
        while ranks.any(flag=not _is_over(copying)):
            pass
        return copying.result()


def _is_over(copying: Future[tuple[PatchFile, ...]]) -> bool:
    wait_for([copying], timeout=_TURN_S)
    return copying.done()


def _copied(plan: Plan, hold: Hold) -> tuple[PatchFile, ...]:
    wanted = {place for places in plan.places.values() for place in places}
    files, in_place, why = list(plan.files), 0, ""
    for place in sorted(wanted):
        source = plan.files[place].path
        try:
            files[place] = CopiedPatchFile(hold.fetch(FileSet.of(source)) / source.name, source)
        except OSError as error:
            in_place, why = in_place + 1, error.strerror or str(error)
    if in_place:
        said = "--scratch %s: %d of %d patch files are read in place: %s"
        log.warning(said, hold.scratch.folder, in_place, len(wanted), why)
    return tuple(files)
