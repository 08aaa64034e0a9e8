"""What a container costs: many short evaluations in a fixed time, in it and without it.

As Collier et al. measured the CANDLE container: workers that evaluate one after the other until the
time is up, and how many evaluations there were. Each way has its turn in every round.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKERS: Final = 2
_TAG: Final = os.environ.get("CAMNET_IMAGES", "latest")
_SIF: Final = Path(os.environ.get("CAMNET_SIF", "sif")).resolve()
_RUN: Final = (
    *("run", "--rm", "--read-only", "--tmpfs=/tmp", "--network=none", "--entrypoint="),
    *("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--no-healthcheck"),
)
_LAYERS: Final = ("layer1_extract", "layer2_train")
_IMPORT: Final = ("layer2_train", "python3", "-c", "import keras")
_EXTRACT: Final = ("layer1_extract", *("layer1-extract", "extract", "--overwrite", "/slides"))
_SMALL: Final = ("patch.size=96", "patch.mpp=0.5", "sampling.method=random")

# Runs a command until the time is up; says how often, and when the last had ended.
_REPEAT: Final = """
import json, subprocess, sys, time
until, command, count = float(sys.argv[1]), sys.argv[2:], 0
while time.time() < until:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    count += 1
print(json.dumps([count, time.time()]))
"""
# One process that stays: batches of patches through a small network.
_NETWORK: Final = """
import json, sys, time
import numpy as np
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
network = build(NetworkSettings(name="camnet_small"), 96).network
predict = Predictor(network, Preprocessing(), 64)
patches = np.random.default_rng(0).integers(0, 256, (64, 96, 96, 3), dtype=np.uint8)
predict(patches)
begun, count = time.time(), 0
while time.time() < begun + float(sys.argv[1]):
    predict(patches)
    count += 1
print(json.dumps(count / (time.time() - begun)))
"""


@dataclass(frozen=True)
class Way:
    """A place where a layer's programs run.

    Attributes
    ----------
    name : str
        For the table.
    kind : str
        plain, podman or apptainer.
    each : bool
        A container for every evaluation; otherwise one for all that a worker does.
    folders : mapping of str to Path
        By their names inside.
    """

    name: str
    kind: str
    each: bool = False
    folders: dict[str, Path] = field(default_factory=dict)

    def inside(self, layer: str, words: Sequence[str]) -> list[str]:
        """The command that runs a program of a layer there."""
        binds = [f"{outside}:{inside}" for inside, outside in self.folders.items()]
        if self.kind == "podman":
            runtime = ["--runtime=runc"] if shutil.which("runc") else []
            volumes = [f"--volume={bind}" for bind in binds]
            head = ["podman", *runtime, *_RUN, f"--user={os.getuid()}", *volumes]
            return [*head, f"camnet/{layer}:{_TAG}", *words]
        if self.kind == "apptainer":
            volumes = [word for bind in binds for word in ("--bind", bind)]
            return ["apptainer", "exec", *volumes, str(_SIF / f"{layer}.sif"), *words]
        program = Path(sys.executable).with_name(words[0])
        return [str(program), *map(self._outside, words[1:])]

    def _outside(self, word: str) -> str:
        for inside, outside in self.folders.items():
            if word.startswith(inside):
                return f"{outside}{word.removeprefix(inside)}"
        return word

    def repeated(self, layer: str, words: Sequence[str], until: float) -> list[str]:
        """A worker that repeats a program until that time."""
        if self.each:
            return [sys.executable, "-c", _REPEAT, str(until), *self.inside(layer, words)]
        if self.kind == "plain":
            words = self.inside(layer, words)
        return self.inside(layer, ["python3", "-c", _REPEAT, str(until), *words])


def missing() -> str:
    """Why nothing can be measured here, or nothing."""
    if not shutil.which("podman"):
        return "no podman"
    images = [f"camnet/{layer}:{_TAG}" for layer in _LAYERS]
    absent = [name for name in images if subprocess.call(["podman", "image", "exists", name])]
    return f"no {' and no '.join(absent)}" if absent else ""


def container_rows(work: Path, rounds: int, seconds: float) -> list[list[str]]:
    """Evaluations per minute of each way, against the plain environment."""
    slides, out = work / "container_slides", work / "container_runs"
    out.mkdir()
    phantom = [sys.executable, "-m", "layer1_extract", "phantom", str(slides)]
    subprocess.run([*phantom, "--slides", "1", "--size", "1024"], check=True, capture_output=True)
    ways = _ways({"/slides": slides, "/out": out})
    small = [word for value in _SMALL for word in ("--set", value)]
    dummy = partial(_evaluations, words=[*_IMPORT], seconds=seconds)
    extract = partial(_evaluations, words=[*_EXTRACT, *small, "--workers", "1"], seconds=seconds)
    warm = partial(_batches, seconds=seconds)
    together = f"{WORKERS} workers, {seconds:.0f} s"
    return [
        *_rows(f"`import keras` and exit, {together}", dummy, ways, rounds),
        *_rows(f"`layer1-extract extract` of a small slide, {together}", extract, ways, rounds),
        *_rows(
            f"64 patches through a network that waits, {seconds:.0f} s",
            warm,
            [way for way in ways if not way.each],
            rounds,
        ),
    ]


def _ways(folders: dict[str, Path]) -> list[Way]:
    ways = [Way("plain", "plain", folders=folders)]
    sif = all((_SIF / f"{layer}.sif").is_file() for layer in _LAYERS)
    for kind, there in (("podman", True), ("apptainer", sif and shutil.which("apptainer"))):
        if there:
            ways.append(Way(f"{kind}, one container", kind, folders=folders))
            ways.append(Way(f"{kind}, a container each", kind, each=True, folders=folders))
    return ways


def _rows(what: str, measured: partial[float], ways: list[Way], rounds: int) -> list[list[str]]:
    for way in ways:
        measured(way=way)
    found = [{way.name: measured(way=way) for way in ways} for _ in range(rounds)]
    plain = median(one["plain"] for one in found)
    rows = []
    for way in ways[1:]:
        rate = median(one[way.name] for one in found)
        ratio = median(one[way.name] / one["plain"] for one in found)
        row = [f"{what}, {way.name}", f"{rate * 60:.0f}/min", f"plain {plain * 60:.0f}/min"]
        rows.append([*row, f"{ratio:.3f}"])
    return rows


def _evaluations(words: list[str], way: Way, seconds: float) -> float:
    """Evaluations per second of all workers together, the start of the containers included."""
    layer, *command = words
    begun = time.time()
    workers = []
    for number in range(WORKERS):
        own = ["--out", f"/out/{number}"] if layer == "layer1_extract" else []
        call = way.repeated(layer, [*command, *own], begun + seconds)
        workers.append(_started(call))
    said = [_answer(worker) for worker in workers]
    return sum(count for count, _ in said) / (max(ended for _, ended in said) - begun)


def _batches(way: Way, seconds: float) -> float:
    words = ["python3", "-c", _NETWORK, str(seconds)]
    return _answer(_started(way.inside("layer2_train", words)))


def _started(call: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(call, stdout=subprocess.PIPE, text=True)


def _answer(worker: subprocess.Popen[str]) -> Any:
    """What it wrote."""
    said, _ = worker.communicate()
    if worker.returncode:
        raise RuntimeError(f"a worker of the benchmark ended with {worker.returncode}")
    return json.loads(said.splitlines()[-1])
