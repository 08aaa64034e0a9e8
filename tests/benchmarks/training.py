"""Layer 2: patches from disk, steps with them, and ranks that take steps together.

Also a program, one rank of a few: ``training.py FOLDER STEPS`` trains on the patch files of FOLDER
and prints how many patches a second this rank saw. Started by `horovodrun`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count, islice
from pathlib import Path
from shutil import which
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from timing import pairs

from common.cohort import read_cohort
from common.config import load
from common.patch_file.reader import find_patch_files
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide
from layer2_train.augmentation import draw
from layer2_train.config import TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.distributed import ranks
from layer2_train.loader import Loader
from layer2_train.ranks import Alone
from layer2_train.settings.distributed import DistributedSettings
from layer2_train.training_model import TrainingModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layer2_train.dataset import Batch

_DENSE: Final = ["patch.size=224", "patch.mpp=native", "sampling.method=dense"]
_SMALL: Final = ["network.name=camnet_small", "optimizer.name=adamw", "bootstrap=1"]
_BATCH: Final = 32


def training_rows(cohort: Path, out: Path, rounds: int) -> Iterator[list[str]]:
    """What layer 2 is measured by, a row at a time."""
    for codec in ("raw", "jpeg"):
        extracted(cohort, out / codec, codec)
        yield loading(out / codec, codec, rounds)
    yield stepping(out / "raw", rounds)
    yield from ranking(out / "raw", rounds)


def extracted(cohort: Path, out: Path, codec: str) -> None:
    """Extract the slide of a cohort as labelled patches of 224 px."""
    (entry,) = read_cohort(cohort)
    extract_slide(entry, out, load(ExtractSettings, None, [*_DENSE, f"storage.codec={codec}"]))


def loading(patches: Path, codec: str, rounds: int) -> list[str]:
    """Shuffled batches from a patch file with one thread, against the same from memory."""
    dataset = PatchDataset(find_patch_files(patches))
    loader = Loader(dataset, load(TrainSettings, None, ["loading.threads=1"]))
    held = dataset.read(np.arange(len(dataset)))
    with loader.epoch(0) as batches:
        order = [batch.indices for batch in batches]

    def disk() -> None:
        with loader.epoch(0) as batches:
            for _ in batches:
                pass

    def from_memory() -> None:
        for indices in order:
            held[indices]

    total = len(order) * _BATCH
    mine, other, ratio = pairs(disk, from_memory, rounds)
    start = time.process_time()
    disk()
    busy = time.process_time() - start
    return [
        f"shuffled batches of {codec} patches, 224 px, one reading thread",
        f"{total / mine:,.0f} patches/s; {total / busy:,.0f} per core",
        f"from memory, {total / other:,.0f} patches/s",
        f"{ratio:.2f}",
    ]


def stepping(patches: Path, rounds: int, steps: int = 40) -> list[str]:
    """Training steps with data from disk, against the same batches held in memory."""
    settings = load(TrainSettings, None, _SMALL)
    loader = Loader(PatchDataset(find_patch_files(patches)), settings)
    model = TrainingModel(settings, 224, loader.steps, Alone())
    held = list(islice(endless(loader), steps))

    def disk() -> None:
        taken(model, islice(endless(loader), steps))

    mine, other, ratio = pairs(disk, lambda: taken(model, held), rounds)
    total = steps * _BATCH
    return [
        "training step of camnet_small, 224 px, data from disk",
        f"{total / mine:,.0f} patches/s",
        f"data in memory, {total / other:,.0f} patches/s",
        f"{ratio:.2f}",
    ]


def endless(loader: Loader) -> Iterator[Batch]:
    """The batches of one epoch after another."""
    for number in count(1):
        with loader.epoch(number) as batches:
            yield from batches


def taken(model: TrainingModel, batches: Any) -> None:
    """Take a training step with each batch."""
    for batch in batches:
        step(model, batch)


def step(model: TrainingModel, batch: Batch) -> None:
    """One training step, with what is drawn for its patches."""
    draws = draw(model.settings.augmentation, len(batch.labels), 0, 1, batch.step)
    model.step(batch, draws)


def ranking(patches: Path, rounds: int) -> Iterator[list[str]]:
    """Two ranks of one thread each against one, as much work for each."""
    launcher = which("horovodrun", path=str(Path(sys.executable).parent))
    if launcher is None:
        print("no Horovod here, its row is skipped: make horovod", file=sys.stderr)
        return
    both = [(_rates(patches, launcher, 2), _rates(patches, launcher, 1)) for _ in range(rounds)]
    two, one = (median(found) for found in zip(*both, strict=True))
    yield [
        "two Horovod ranks, one thread each, camnet_small at 224 px",
        f"{two:,.0f} patches/s",
        f"one rank, {one:,.0f} patches/s",
        f"{median(a / b for a, b in both):.2f}",
    ]


def _rates(patches: Path, launcher: str, size: int, steps: int = 40) -> float:
    """Patches a second of `size` ranks together, each on a core of its own."""
    command = [sys.executable, __file__, str(patches), str(steps)]
    if size > 1:
        command = [launcher, "--gloo", "-np", str(size), *command]
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    found = [line.partition("rate:")[2] for line in done.stdout.splitlines() if "rate:" in line]
    if done.returncode or len(found) != size:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return sum(json.loads(rate) for rate in found)


def rank(patches: Path, steps: int) -> float:
    """Patches a second of this rank, the first steps left out."""
    settings = load(TrainSettings, None, [*_SMALL, "loading.threads=1"])
    with ranks(DistributedSettings(), Path.cwd()) as these:
        dataset = PatchDataset(find_patch_files(patches))
        loader = Loader(dataset, settings, these.rank, these.size)
        model = TrainingModel(settings, 224, loader.steps, these)
        batches = endless(loader)
        taken(model, islice(batches, 5))
        these.wait()
        start = time.perf_counter()
        taken(model, islice(batches, steps))
        these.wait()
        return steps * _BATCH / (time.perf_counter() - start)


def _pin() -> None:
    """Give this rank one core, before any library starts its threads."""
    cores = sorted(os.sched_getaffinity(0))
    number = int(os.environ.get("HOROVOD_LOCAL_RANK", "0"))
    os.sched_setaffinity(0, {cores[number % len(cores)]})


if __name__ == "__main__":
    _pin()
    print(f"rate:{rank(Path(sys.argv[1]), int(sys.argv[2]))}", flush=True)
