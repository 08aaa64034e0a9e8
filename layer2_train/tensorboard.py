"""Event files that TensorBoard shows; written without TensorFlow."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any, Final

import cv2
from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto import event_pb2

from common.files import writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layer2_train.tracking import Point

FOLDER: Final = "tensorboard"
_PREFIX: Final = "events"
_EVENTS: Final[Any] = event_pb2
"""Its classes are made when it is imported: no reader of the source knows them."""


class EventFiles:
    """The event files of one training, in a folder of its own.

    A process that was killed may leave a torn event, or one of an epoch that is trained again. The
    folder is therefore begun anew, and whoever resumes tells every epoch from the first.

    Written in this thread: the library's own writer has another behind a queue, which is left
    full, with training waiting for it, when the disk is.

    Parameters
    ----------
    folder : Path
    parameters : dict of str to str
        The configuration, shown as a table.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """

    name = "TensorBoard"
    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, folder: Path, parameters: Mapping[str, str]) -> None:
        self._told: set[int] = set()
        rows = [f"| {name} | {value} |" for name, value in parameters.items()]
        table = "\n".join(["| key | value |", "|---|---|", *rows])
        with writable(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = EventsWriter(str(folder / _PREFIX))
            self._write(summary.text("configuration", table), 0)
            self._writer.flush()

    def points(self, points: Sequence[Point]) -> None:
        """Write some epochs; those that wait for room on the disk are not written twice."""
        for point in points:
            if point.step not in self._told:
                self._told.add(point.step)
                self._scalars(point.values, point.step)
        self._writer.flush()

    def results(self, values: Mapping[str, float], step: int, files: Sequence[Path]) -> None:
        """Write the numbers, and the pictures among `files`."""
        self._scalars(values, step)
        for path in files:
            pixels = cv2.imread(str(path)) if path.suffix == ".png" else None
            if pixels is not None:
                picture = summary.image(path.stem, pixels[:, :, ::-1], dataformats="HWC")
                self._write(picture, step)
        self._writer.flush()

    def close(self, status: str) -> None:
        """End the file; how the training ended is of no interest here."""
        del status
        self._writer.close()

    def _scalars(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._write(summary.scalar(name, value), step)

    def _write(self, found: Any, step: int) -> None:
        self._writer.write_event(_EVENTS.Event(wall_time=time.time(), step=step, summary=found))
