"""Layer 3: how fast heatmaps are made, and in how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inference_job import AnsweringJob
from timing import compared

if TYPE_CHECKING:
    from pathlib import Path

_CASES: Final = (
    ("camnet_small", 96, 0.5, 48, 10**6),
    ("resnet50", 224, 0.5, 224, 192),
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
