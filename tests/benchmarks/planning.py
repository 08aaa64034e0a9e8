"""How long a login node takes to plan, submit and watch a large cohort, without its slides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from common.cohort import SlideEntry, write_cohort
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import Outcome
from layer1_extract.extraction import patch_path

if TYPE_CHECKING:
    from collections.abc import Sequence

SLIDES: Final = 10_000
HEAD: Final = "| what | slides | wall time | processor time |\n|---|---|---|---|"
_SUBMIT: Final = Path(__file__).parents[2] / "slurm" / "submit.sh"
_BIN: Final = Path(sys.executable).parent
_SLURM: Final = {"sbatch": "exit 1", "squeue": "exit 0", "scontrol": "echo MaxArraySize = 1001"}


def planning_rows(work: Path, rounds: int) -> list[str]:
    """A row for each step, as the command a user types."""
    cohort, out = _cohort(work), _results(work)
    steps = {
        "`slurm/submit.sh --dry-run`, all stages": (
            str(_SUBMIT),
            str(cohort),
            "--out",
            "o",
            "--dry-run",
        ),
        "`layer1-extract plan --no-look`": ("layer1-extract", "plan", str(cohort), "--no-look"),
        "the same of a finished folder, `--out`": (
            *("layer1-extract", "plan", str(cohort), "--no-look", "--out", str(out)),
        ),
        "`layer3-infer plan`": ("layer3-infer", "plan", str(cohort)),
        "`layer1-extract status` of as many outcomes": (
            *("layer1-extract", "status", str(out), "--cohort", str(cohort)),
        ),
    }
    _fakes(work / "bin")
    found = {what: [_timed(words, work) for _ in range(rounds)] for what, words in steps.items()}
    return [
        f"| {what} | {SLIDES:,} | {median(w for w, _ in runs):.1f} s | "
        f"{median(c for _, c in runs):.1f} s |"
        for what, runs in found.items()
    ]


def _cohort(work: Path) -> Path:
    """A cohort CSV of slides in five centres' folders, none of them there but one."""
    (work / "0").mkdir()
    (work / "0" / "s00000.tif").touch()
    entries = [
        SlideEntry(f"s{n:05}", work / str(n % 5) / f"s{n:05}.tif", f"p{n // 5}", slide_label="itc")
        for n in range(SLIDES)
    ]
    write_cohort(entries, work / "cohort.csv")
    return work / "cohort.csv"


def _results(work: Path) -> Path:
    """What layer 1 leaves of them; the patch files are empty, since nobody reads them here."""
    out = work / "finished"
    (out / OUTCOMES).mkdir(parents=True)
    patch_path(out, "s").parent.mkdir()
    counts = {"kept": 900, "rejected": 400, "tumor": 300, "normal": 600, "background": 400}
    inputs = {"slide_fingerprint": "a" * 64, "annotation_sha256": "b" * 64}
    for number in range(SLIDES):
        name = f"s{number:05}"
        outcome = Outcome(name, "done", counts=counts, seconds=42.0, inputs=inputs)
        (out / OUTCOMES / f"{name}.json").write_text(json.dumps(asdict(outcome), indent=2))
        patch_path(out, name).touch()
    return out


def _fakes(folder: Path) -> None:
    """SLURM's commands, as far as a dry run asks them."""
    folder.mkdir()
    for name, body in _SLURM.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)


def _timed(words: Sequence[str], work: Path) -> tuple[float, float]:
    """Wall and processor time of a command, s."""
    paths = os.pathsep.join([str(work / "bin"), str(_BIN), os.environ["PATH"]])
    start, before = time.perf_counter(), os.times()
    subprocess.run(
        words, check=True, cwd=work, env=os.environ | {"PATH": paths}, stdout=subprocess.DEVNULL
    )
    after = os.times()
    used = after.children_user + after.children_system
    return time.perf_counter() - start, used - before.children_user - before.children_system
