"""The stream HDF5 writes a patch file through.

HDF5 brings the whole process down when it cannot write what it holds in memory, as on a full
disk. So it is told that every write succeeded, and the first error waits here to be raised.
"""

from __future__ import annotations

import io
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from common.stopping import STOP_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Generator

    from typing_extensions import Buffer


class RememberingStream(io.FileIO):
    """A file whose writes never fail towards the writer.

    Parameters
    ----------
    file, mode
        As of `io.FileIO`.

    Attributes
    ----------
    error : OSError or None
        The first error; from then on the file's content is worthless.
    """

    error: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        """Write all of `data`, or remember why not; its length in bytes either way."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.error is None and done < len(view):
                done += super().write(view[done:])
        except OSError as error:
            self.error = error
        return len(view)

    def truncate(self, size: int | None = None, /) -> int:
        """Cut or extend the file to `size` bytes, or remember why not."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    @contextmanager
    def writing(self) -> Generator[None, None, None]:
        """Around all that makes HDF5 write: its end raises the first error, whatever else failed.

        Raises
        ------
        OSError
            As the operating system told it.
        """
        with _signals_waiting():
            try:
                yield
            finally:
                if self.error is not None:
                    raise self.error


@contextmanager
def _signals_waiting() -> Generator[None, None, None]:
    """Handle signals afterwards: a handler that raises inside `write` would fail it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread only
        return
    waiting: list[int] = []
    numbers = (signal.SIGINT, *STOP_SIGNALS)
    before = {n: signal.signal(n, lambda number, _: waiting.append(number)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for number in waiting:
            signal.raise_signal(number)
