"""Shuffled batches from disk, read and decoded while the network works."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.cluster import available_cpus
from layer2_train.dataset import Batch
from layer2_train.drawing import Drawing
from layer2_train.read_ahead import read_ahead
from layer2_train.strata import strata

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from concurrent.futures import Future

    import numpy.typing as npt

    from layer2_train.config import TrainSettings
    from layer2_train.dataset import PatchDataset
    from layer2_train.drawing import Order


class Loader:
    """The training batches of one rank.

    What they hold depends on the settings, the dataset, the rank and the number of ranks alone,
    and not on threads, or on the step from which an epoch is taken up.

    Parameters
    ----------
    dataset : PatchDataset
    settings : TrainSettings
        Its batch size, seed, balance and loading.
    rank, ranks : int
    threads : int or None
        That read, where the settings do not say; None is all CPUs of this process.

    Raises
    ------
    ConfigError
        If a class, or a class in a centre, that is balanced has fewer patches than there are ranks.
    """

    def __init__(
        self,
        dataset: PatchDataset,
        settings: TrainSettings,
        rank: int = 0,
        ranks: int = 1,
        threads: int | None = None,
    ) -> None:
        loading = settings.loading
        self.drawing = Drawing(
            strata(dataset.counts, settings.balance),
            settings.batch_size,
            loading.window,
            loading.block,
            settings.seed,
            rank,
            ranks,
        )
        self._dataset = dataset
        self._threads = loading.threads or threads or available_cpus()

    @property
    def steps(self) -> int:
        """Batches in an epoch, the same on all ranks."""
        return self.drawing.steps

    @contextmanager
    def epoch(self, number: int, first: int = 0) -> Generator[Iterator[Batch], None, None]:
        """The batches of an epoch from step `first` on.

        Held are the window that is served, the next one that is read meanwhile, and three batches.
        What reading raises is raised where the first batch of its window would have come. Leaving
        the context, early or not, ends the threads.
        """
        with ThreadPoolExecutor(self._threads, thread_name_prefix="loader") as pool:
            batches = self._batches(pool, self.drawing.epoch(number), first)
            with read_ahead(batches, depth=2) as ahead:
                try:
                    yield ahead
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)

    def _batches(self, pool: ThreadPoolExecutor, order: Order, first: int) -> Iterator[Batch]:
        size, step, filled = self.drawing.batch_size, first, 0
        indices, patches = np.empty(size, np.int64), self._dataset.empty(size)
        for window, start in self._windows(pool, order, first * size):
            while start < len(window.indices):
                taken = slice(start, start + size - filled)
                filled += window.take(taken, indices[filled:], patches[filled:])
                start = taken.stop
                if filled == size:
                    labels = self._dataset.labels[indices].astype(np.float32)
                    yield Batch(step, indices, patches, labels)
                    indices, patches = np.empty(size, np.int64), self._dataset.empty(size)
                    step, filled = step + 1, 0

    def _windows(
        self, pool: ThreadPoolExecutor, order: Order, place: int
    ) -> Iterator[tuple[_Window, int]]:
        """Windows from a place in the epoch on, with where to begin, each while the next is read.

        A window is good until the next but one is asked for, which takes its memory.
        """
        first = self.drawing.window_at(place)
        skipped = place - self.drawing.begin(first)
        memory = [self._dataset.empty(self.drawing.largest) for _ in range(2)]
        numbers = range(first, self.drawing.windows) if place < self.drawing.length else range(0)
        waiting: _Window | None = None
        for number in numbers:
            coming = self._begun(pool, order.window(number), memory[number % 2])
            if waiting is not None:
                yield waiting.read(), skipped
                skipped = 0
            waiting = coming
        if waiting is not None:
            yield waiting.read(), skipped

    def _begun(
        self,
        pool: ThreadPoolExecutor,
        drawn: npt.NDArray[np.int64],
        memory: npt.NDArray[np.uint8],
    ) -> _Window:
        """A window that is being read, every patch of it once, by file and rising row."""
        one = len(self.drawing.strata) == 1  # then patches need not stand by label and centre
        indices = drawn if one else self._dataset.index.members[drawn]
        rising, places = np.unique(indices, return_inverse=True)
        reading = [
            pool.submit(self._dataset.fill, rising[part], memory[part])
            for part in self._dataset.parts(rising)
        ]
        return _Window(indices, places, memory, reading)


@dataclass(frozen=True, eq=False)
class _Window:
    """Patches that are shuffled together.

    Attributes
    ----------
    indices : (K,) int64
        In the order they are shown.
    places : (K,) int64
        Where in `patches` each of them is.
    patches : (at most K, S, S, 3) uint8
    reading : list of Future
        What fills `patches`.
    """

    indices: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    patches: npt.NDArray[np.uint8]
    reading: list[Future[None]]

    def read(self) -> _Window:
        """This window when all of it is there."""
        for part in self.reading:
            part.result()
        return self

    def take(
        self, some: slice, indices: npt.NDArray[np.int64], patches: npt.NDArray[np.uint8]
    ) -> int:
        """Copy some of the patches to the head of `indices` and `patches`; how many there were."""
        taken = self.indices[some]
        count = len(taken)
        indices[:count] = taken
        np.take(self.patches, self.places[some], axis=0, out=patches[:count], mode="clip")
        return count
