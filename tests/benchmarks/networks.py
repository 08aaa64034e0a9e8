"""How many patches a second each network trains on, and answers, from patch files.

A program of its own, for any backend of Keras and any device:

    KERAS_BACKEND=jax python tests/benchmarks/networks.py --networks resnet50 inception_v3 \
        --batch 64 --precisions float32 mixed_bfloat16
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import keras
import numpy as np

ROOT: Final = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from patch_files import write_patch_file  # noqa: E402
from training import taken  # noqa: E402

from common.config import load  # noqa: E402
from common.patch_file.reader import PatchFile  # noqa: E402
from common.prediction import Predictor  # noqa: E402
from common.preprocessing import Preprocessing  # noqa: E402
from layer2_train.architectures import NETWORKS  # noqa: E402
from layer2_train.config import TrainSettings  # noqa: E402
from layer2_train.dataset import PatchDataset  # noqa: E402
from layer2_train.loader import Loader  # noqa: E402
from layer2_train.ranks import Alone  # noqa: E402
from layer2_train.training_model import TrainingModel  # noqa: E402

HEAD: Final = (
    "| network | precision | weights | training, patches/s | answering, patches/s |\n"
    "|---|---|---|---|---|"
)
_WARM: Final = 2


def main() -> None:
    """Measure what is asked for, and print a table."""
    options = _options()
    logging.disable(logging.WARNING)
    print(f"{keras.backend.backend()}, patches of {options.size} px, batches of {options.batch}\n")
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        count = options.batch * (options.steps + _WARM)
        path = write_patch_file(Path(folder), "slide", n=count, size=options.size)
        dataset = PatchDataset([PatchFile(path)])
        for name in options.networks:
            for precision in options.precisions:
                print(row(dataset, name, precision, options.batch, options.steps), flush=True)


def row(dataset: PatchDataset, name: str, precision: str, batch: int, steps: int) -> str:
    """A line of the table."""
    given = [f"network.name={name}", f"precision={precision}", f"batch_size={batch}"]
    settings = load(TrainSettings, None, given)
    loader = Loader(dataset, settings)
    model = TrainingModel(settings, dataset.spec.size, loader.steps, Alone())
    with loader.epoch(1) as batches:
        taken(model, itertools.islice(batches, _WARM))
        start = time.perf_counter()
        taken(model, itertools.islice(batches, steps))
        trained = steps * batch / (time.perf_counter() - start)
    weights = model.served().count_params()
    answered = answering(Predictor(model.served(), Preprocessing(), batch), dataset, steps)
    return f"| {name} | {precision} | {weights:,} | {trained:,.1f} | {answered:,.1f} |"


def answering(predictor: Predictor, dataset: PatchDataset, steps: int) -> float:
    """Patches a second that get an answer, of patches in memory."""
    patches = dataset.read(np.arange(predictor.batch_size))
    predictor(patches)
    start = time.perf_counter()
    for _ in range(steps):
        predictor(patches)
    return steps * len(patches) / (time.perf_counter() - start)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--networks", nargs="+", choices=sorted(NETWORKS), default=sorted(NETWORKS))
    add("--precisions", nargs="+", default=["float32"])
    add("--size", type=int, default=224, help="edge of a patch, px")
    add("--batch", type=int, default=8)
    add("--steps", type=int, default=3, help="timed, after two that are not")
    return parser.parse_args()


if __name__ == "__main__":
    main()
