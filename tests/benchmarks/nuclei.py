"""How well nuclei are found in ``data/nuclei``, against Otsu's threshold on haematoxylin.

    .venv/bin/python tests/benchmarks/nuclei.py

The settings were chosen on every second image by name, the first among them; scores are of the
others. Of the 40 images one is stained with haematoxylin and eosin (4193474b2f1c72f7); the others
have one violet stain, in 25 over violet tissue and in 14 over white. They do not say their scale:
see `nucleus_scores.MPP`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from nucleus_scores import MPP, images, mean, plain_otsu, score  # noqa: E402

from layer3_infer.explain.measures import measure  # noqa: E402
from layer3_infer.explain.nuclei import find_nuclei  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from nucleus_scores import Scores

_MS: Final = 1000


def nuclei_rows(data: Path, rounds: int = 20) -> list[list[str]]:
    """Rows of a table: what, ours, the alternative, ratio or difference."""
    shown = list(images(data / "nuclei"))
    rows = []
    for said, chosen in (("held out", shown[1::2]), ("settings chosen on", shown[::2])):
        ours = mean(score(drawn, find_nuclei(patch, MPP)) for _, patch, drawn in chosen)
        other = mean(score(drawn, plain_otsu(patch)) for _, patch, drawn in chosen)
        rows.append([f"nuclei, {len(chosen)} images {said}", _told(ours), _told(other), ""])
    return [*rows, *(_speed(shown[0][1][:size, :size], rounds) for size in (96, 224))]


def _told(scores: Scores) -> str:
    return (
        f"Dice {scores.dice:.2f}, F1 {scores.f1:.2f}, AJI {scores.aji:.2f}, "
        f"count error {scores.count_error:.2f}"
    )


def _speed(patch: np.ndarray, rounds: int) -> list[str]:
    patch = np.ascontiguousarray(patch)
    labels = find_nuclei(patch, 0.25)
    finding = _seconds(lambda: find_nuclei(patch, 0.25), rounds)
    measuring = _seconds(lambda: measure(patch, labels, 0.25), rounds)
    return [
        f"nuclei of a patch of {len(patch)} px, {labels.max()} of them",
        f"found in {finding * _MS:.1f} ms of CPU, measured in {measuring * _MS:.1f} ms",
        "",
        "",
    ]


def _seconds(call: Callable[[], object], rounds: int) -> float:
    """Median of the CPU time, over the rounds: of a core that nothing else asks for."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    for line in nuclei_rows(ROOT.parent / "shared" / "data"):
        print("| " + " | ".join(line) + " |")
