"""One way to answer patches, in a process of its own; see `job` for how it is asked."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from processes import cpu_seconds, peak_mib

from common.cluster import quiet_libraries, share_cores
from common.cohort import read_cohort
from common.patches import PatchSpec
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from common.slide_reader import slide_of
from layer3_infer.config import HeatmapSettings
from layer3_infer.locations import DenseLocations, on_tissue
from layer3_infer.predict import SlidePatches, predict

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH: Final = 64
THREADS: Final = 2


@dataclass(frozen=True)
class AnsweringJob:
    """What to do.

    Attributes
    ----------
    way : {"heatmap", "memory"}
        Patches read from the slide; or held in memory as float32, for `model.predict`.
    cohort : str
        A folder with one slide.
    network : str
    size : int, px
    mpp : float, um/px
    stride : int, px of the patch
    most : int
        Patches answered, at most.
    """

    way: str
    cohort: str
    network: str
    size: int
    mpp: float
    stride: int
    most: int

    @property
    def command(self) -> list[str]:
        """What starts a process that does it."""
        return [sys.executable, __file__, json.dumps(asdict(self))]


def _work(job: AnsweringJob) -> tuple[Callable[[], object], int]:
    """What is timed, and how many patches it answers."""
    if job.way == "heatmap":
        share_cores(THREADS, THREADS)
    quiet_libraries()
    from layer2_train.architectures import build
    from layer2_train.config import NetworkSettings

    (entry,) = read_cohort(Path(job.cohort))
    slide = slide_of(entry)
    spec = slide.spec_for(PatchSpec(job.size, job.mpp))
    found = on_tissue(slide, spec, HeatmapSettings(stride=job.stride))
    places = DenseLocations(found.grid, found.xy[: job.most])
    network = build(NetworkSettings(name=job.network, weights="none"), job.size).network
    if job.way == "heatmap":
        predictor = Predictor(network, Preprocessing(), BATCH)
        return lambda: predict(slide, places, spec, predictor, workers=THREADS), len(places.xy)
    patches = SlidePatches.of(slide, places.xy, spec)
    held = patches.read(0, len(patches)).astype(np.float32)
    return lambda: network.predict(held, batch_size=BATCH, verbose=0), len(held)


def main() -> None:
    """Answer every line by one run."""
    work, patches = _work(AnsweringJob(**json.loads(sys.argv[1])))
    for _ in sys.stdin:
        before, start = cpu_seconds(os.getpid()), time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        run = {
            "seconds": seconds,
            "cpu_seconds": cpu_seconds(os.getpid()) - before,
            "patches": patches,
            "peak_mib": peak_mib(os.getpid()),
        }
        print(json.dumps(run), flush=True)


if __name__ == "__main__":
    main()
