"""Speed and memory of the main steps, each as a ratio against an alternative in the same run.

Printed as a Markdown table. Times on a shared machine are noisy; each row is the median of the
ratios of pairs that were timed one after the other.
"""

from __future__ import annotations

import argparse
import logging
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import openslide

from common.cluster import quiet_libraries
from common.cohort import read_cohort
from common.config import load
from common.patch_file.codec import encode_jpeg
from common.patch_file.reader import find_patch_files
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide
from layer1_extract.survey import survey

DENSE = ["patch.size=224", "patch.mpp=native", "sampling.method=dense"]


def main() -> None:
    """Run every row and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=8192, help="edge of the phantom slide, px")
    parser.add_argument("--pairs", type=int, default=3, help="timed pairs per row")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    quiet_libraries()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        phantom = [sys.executable, "-m", "layer1_extract", "phantom", str(out / "cohort")]
        subprocess.run([*phantom, "--slides", "1", "--size", str(options.size)], check=True)
        rows = [
            extraction(out, options.pairs),
            memory(out),
            loading(out, options.pairs),
            inference(out, options.pairs),
        ]
    print("\n| what | ours | the alternative | ratio |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def seconds(work) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def pairs(ours, theirs, count: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratios (theirs / ours)."""
    ours(), theirs()
    timed = [(seconds(ours), seconds(theirs)) for _ in range(count)]
    mine, other = zip(*timed, strict=True)
    return median(mine), median(other), median(b / a for a, b in timed)


def extraction(out: Path, count: int) -> list[str]:
    """The whole of `extract`, against a loop that reads, filters and encodes the same patches."""
    (entry,) = read_cohort(out / "cohort")
    settings = load(ExtractSettings, None, [*DENSE, "storage.codec=jpeg"])
    extract_slide(entry, out / "dense", settings)
    (file,) = find_patch_files(out / "dense")
    coords = file.coords.tolist()
    file.close()

    def loop() -> None:
        slide = openslide.OpenSlide(entry.path)
        slide.get_thumbnail((512, 512))
        encoded = []
        for x, y in coords:
            patch = np.asarray(slide.read_region((x, y), 0, (224, 224)).convert("RGB"))
            if (patch > 200).all(axis=2).mean() <= 0.7:
                encoded.append(encode_jpeg(patch, 95))

    mine, other, ratio = pairs(lambda: extract_slide(entry, out / "dense", settings), loop, count)
    n = len(coords)
    return [
        f"dense extraction, {n} patches of 224 px, JPEG, one core",
        f"{n / mine:.0f} patches/s",
        f"OpenSlide loop, {n / other:.0f} patches/s",
        f"{ratio:.2f}",
    ]


def memory(out: Path) -> list[str]:
    """Peak memory of `extract` in a process of its own, against the pixels of the slide."""
    command = [sys.executable, "-m", "layer1_extract", "extract", str(out / "cohort")]
    overrides = [word for override in DENSE for word in ("--set", override)]
    subprocess.run(
        [*command, "--out", str(out / "memory"), *overrides, "--workers", "1"],
        check=True,
        capture_output=True,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    (entry,) = read_cohort(out / "cohort")
    pyramid = survey(entry, load(ExtractSettings, None, DENSE)).slide.pyramid
    whole = pyramid.width * pyramid.height * 3 / 2**20
    return [
        "peak memory of dense extraction, raw (the phantom's own making included)",
        f"{peak:.0f} MiB",
        f"the slide's pixels, {whole:.0f} MiB",
        f"{whole / peak:.2f}",
    ]


def loading(out: Path, count: int) -> list[str]:
    """Shuffled batches from a raw patch file, against the same from memory."""
    from layer2_train.dataset import PatchDataset, epoch_order

    (entry,) = read_cohort(out / "cohort")
    settings = load(ExtractSettings, None, DENSE)
    extract_slide(entry, out / "raw", settings)
    dataset = PatchDataset(find_patch_files(out / "raw"))
    order = epoch_order(len(dataset), 32, 0, 0)
    held = dataset.read(np.arange(len(dataset)))

    def disk() -> None:
        for _ in dataset.batches(order, 32):
            pass

    def from_memory() -> None:
        for start in range(0, len(order), 32):
            held[order[start : start + 32]]

    mine, other, ratio = pairs(disk, from_memory, count)
    return [
        "shuffled batches of raw 224 px patches, one core",
        f"{len(order) / mine:.0f} patches/s",
        f"from memory, {len(order) / other:.0f} patches/s",
        f"{ratio:.2f}",
    ]


def inference(out: Path, count: int) -> list[str]:
    """A heatmap's answers read from the slide, against the network on patches in memory."""
    from common.openslide_slide import OpenSlideSlide
    from common.patches import PatchSpec
    from layer2_train.architectures import build
    from layer2_train.config import NetworkSettings
    from layer3_infer.config import HeatmapSettings
    from layer3_infer.locations import on_tissue
    from layer3_infer.predict import predict

    (entry,) = read_cohort(out / "cohort")
    slide = OpenSlideSlide(entry.path, entry.slide_id)
    spec = PatchSpec(96, 0.5)
    network = build(NetworkSettings(name="camnet_small"), spec.size).network
    predictor = Predictor(network, Preprocessing(), 64)
    places = on_tissue(slide, spec, HeatmapSettings(stride=48))
    held = np.stack([slide.read(x, y, spec) for x, y in places.xy.tolist()])
    mine, other, ratio = pairs(
        lambda: predict(slide, places, spec, predictor, workers=2),
        lambda: predictor(held),
        count,
    )
    n = len(held)
    return [
        f"heatmap of {n} patches of 96 px, camnet_small, two cores",
        f"{n / mine:.0f} patches/s",
        f"patches in memory, {n / other:.0f} patches/s",
        f"{ratio:.2f}",
    ]


if __name__ == "__main__":
    main()
