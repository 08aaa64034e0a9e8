"""Layer 3: how fast heatmaps are made, and in how much memory."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from inference_job import BATCH, AnsweringJob
from processes import watched
from timing import compared

from common.model_bundle import Manifest, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

_CASES: Final = (
    ("camnet_small", 96, 0.5, 48, 10**6),
    ("resnet50", 224, 0.5, 112, 512),
)
"""Network, edge px, um/px, stride px, patches at most."""


def inference_rows(cohort: Path, rounds: int) -> list[list[str]]:
    """A heatmap's answers read from the slide, against `model.predict` on patches in memory.

    Each in a process of its own, with the threads it takes by itself.
    """
    return [_row(cohort, rounds, *case) for case in _CASES]


def _row(
    cohort: Path, rounds: int, network: str, size: int, mpp: float, stride: int, most: int
) -> list[str]:
    jobs = {
        way: AnsweringJob(way, str(cohort), network, size, mpp, stride, most)
        for way in ("heatmap", "memory")
    }
    found = compared(jobs, rounds)
    count = found.runs["heatmap"][0].patches
    return [
        f"heatmap of {count} patches of {size} px, {network}, two cores",
        f"{found.rate('heatmap'):.0f} patches/s",
        f"`model.predict` on patches in memory, {found.rate('memory'):.0f} patches/s",
        f"{found.ratio('heatmap', 'memory'):.2f}",
    ]


def memory_row(slide: Path, work: Path) -> list[str]:
    """The command on a large slide, against a process that loads the model and answers a batch.

    Parameters
    ----------
    slide : Path
        A folder with one slide.
    work : Path
        For the model and the results.
    """
    from layer2_train.architectures import build
    from layer2_train.config import NetworkSettings

    size, mpp, bundle = 224, 0.25, work / "bundle"
    network = build(NetworkSettings(name="camnet_small", weights="none"), size).network
    manifest = Manifest(
        architecture="camnet_small",
        patch_size=size,
        patch_mpp=mpp,
        cam_layer=network.layers[0].name,
    )
    write_bundle(bundle, manifest, lambda path: network.save(path), "# Untrained\n")
    model = f"{bundle / 'model.keras'}"
    alone = (
        "import keras, numpy as np\n"
        f"network = keras.saving.load_model({model!r}, compile=False)\n"
        f"network.predict_on_batch(np.zeros(({BATCH}, {size}, {size}, 3), np.float32))\n"
    )
    before = _peak_mib([sys.executable, "-c", alone])
    out = work / "heatmaps"
    words = ["heatmap", str(slide), "--model", str(bundle), "--out", str(out), "--workers", "2"]
    start = time.perf_counter()
    peak = _peak_mib([sys.executable, "-m", "layer3_infer", *words])
    seconds = time.perf_counter() - start
    (table,) = out.glob("*.heatmap.h5")
    patches = (
        len(table.with_name(table.name.replace(".heatmap.h5", ".csv")).read_text().split()) - 1
    )
    return [
        f"memory of a heatmap of {patches} patches of {size} px, made in {seconds:.0f} s",
        f"{peak:.0f} MiB",
        f"the model alone with one batch: {before:.0f} MiB",
        f"{peak - before:.0f} MiB beside the model",
    ]


def _peak_mib(command: list[str]) -> float:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet)
    peak = watched(process)
    if process.returncode:
        raise RuntimeError(f"a command of the benchmark failed: {command}")
    return peak
