"""From seconds measured on two cores to a cohort on a cluster, by a model that names its terms.

`--measure` takes the inputs on this machine and writes them; without it, the tables are computed
from inputs that were written before. The model is explained in `layer1_extract/scaling.md`.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
from extraction import Bench, Case
from slides import large_slide
from timing import Worker, compared, cores, seconds

from common.cohort import read_cohort
from common.config import load
from common.patch_file.reader import find_patch_files
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from timing import Run

MARK: Final = "<!-- The rest is written by tests/benchmarks/scaling.py. -->"
INPUTS: Final = Path(__file__).with_name("scaling.json")
_SLIDE: Final = "49,152 px"
_LARGE: Final = "100,352 px"
_NODES: Final = (1, 10, 100, 500, 1000)
_COHORT: Final = 43_000_000
_PATCH: Final = 224
_TILE: Final = 512
_MANY: Final = 100  # parts, so that one has hardly a patch
_PAPER: Final = (
    # slides, nodes, sampling, how, cores in all, the paper's seconds
    (1, 1, "random", "none", 1, 292),
    (5, 5, "random", "1 CPU a slide", 5, 260),
    (1, 1, "dense", "none", 1, 18_400),
    (1, 100, "dense", "1,000 CPUs a slide", 1_000, 3_000),
    (5, 500, "dense", "1,000 CPUs a slide", 5_000, 7_530),
    (5, 1_000, "dense", "2,000 CPUs a slide", 10_000, 3_780),
)


@dataclass(frozen=True)
class Inputs:
    """What the model is fed with, and the wall times it can be held against.

    Attributes
    ----------
    patches : int
        Patches of 224 px that are read on the large slide; the cohort is made of such slides.
    patch_cpu_s : float, s
        Processor time per patch read, filtered, encoded as JPEG and written.
    slide_cpu_s : float, s
        Processor time of a slide, or of a part of one, that no patch adds to: survey, preview.
    random_cpu_s : float, s
        Processor time of 1,000 random patches of the large slide, all included.
    start_s : float, s
        Wall time from the call of the command to its first slide: Python and its imports.
    read_bytes, jpeg_bytes, raw_bytes : float, bytes
        Read from the slide and written, per patch.
    one_core_s, two_cores_s : float, s
        Wall time of the large slide, dense, JPEG.
    alone_s, beside_s : float, s
        Wall time of the smaller slide on one core; and of two at a time, each on its own core.
    alone_cpu_s, beside_cpu_s : float, s
        Processor time of one slide in each of these.
    """

    patches: int
    patch_cpu_s: float
    slide_cpu_s: float
    random_cpu_s: float
    start_s: float
    read_bytes: float
    jpeg_bytes: float
    raw_bytes: float
    one_core_s: float
    two_cores_s: float
    alone_s: float
    beside_s: float
    alone_cpu_s: float
    beside_cpu_s: float

    @property
    def neighbour(self) -> float:
        """How much slower a core is while its neighbour works too; at least 1."""
        return max(1.0, self.beside_cpu_s / self.alone_cpu_s)

    @property
    def serial(self) -> float:
        """Share of a slide's time in which one thread works alone (Amdahl 1967)."""
        return min(1.0, max(0.0, 2 * self.two_cores_s / self.one_core_s - 1))


@dataclass(frozen=True)
class Cluster:
    """What is assumed of the machine; none of it was measured.

    Attributes
    ----------
    nodes : int
    cores : int
        Per node; each runs one task of the array.
    node_bytes, shared_bytes : float, bytes/s
        What one node, and what all together, get through to the file system.
    queue_s : float, s
        From the submission to the start of the last task.
    """

    nodes: int = 1
    cores: int = 10
    node_bytes: float = 1e9
    shared_bytes: float = 10e9
    queue_s: float = 30.0

    @property
    def bandwidth(self) -> float:
        """Of all nodes together, bytes/s."""
        return min(self.nodes * self.node_bytes, self.shared_bytes)


@dataclass(frozen=True)
class Estimate:
    """Seconds of one run, and of which terms they are made.

    Attributes
    ----------
    parts : int
        Into how many each slide is cut.
    compute_s : float, s
        Of the core with most to do.
    files_s : float, s
        What the file system needs to hand over and take all bytes.
    queue_s : float, s
    """

    parts: int
    compute_s: float
    files_s: float
    queue_s: float

    @property
    def seconds(self) -> float:
        """Computing and transfer overlap, so the longer of the two counts."""
        return self.queue_s + max(self.compute_s, self.files_s)


def dense(inputs: Inputs, slides: int, cluster: Cluster, *, codec: str = "jpeg") -> Estimate:
    """Dense extraction of `slides` slides, cut into as many parts as make it fastest."""
    written = inputs.raw_bytes if codec == "raw" else inputs.jpeg_bytes
    moved = slides * inputs.patches * (inputs.read_bytes + written)
    all_cores = cluster.nodes * cluster.cores
    slowed = inputs.neighbour if cluster.cores > 1 else 1.0

    def with_parts(parts: int) -> Estimate:
        units = math.ceil(slides * parts / all_cores)
        unit_s = inputs.slide_cpu_s + inputs.patches / parts * inputs.patch_cpu_s
        compute_s = inputs.start_s + units * unit_s * slowed
        return Estimate(parts, compute_s, moved / cluster.bandwidth, cluster.queue_s)

    cuts = (1, 2, 5, 10, 20, 50, 100, 200)
    return min(map(with_parts, cuts), key=lambda estimate: (estimate.compute_s, estimate.parts))


def random(inputs: Inputs, slides: int, cluster: Cluster) -> Estimate:
    """1,000 random patches of each slide, one task per core."""
    units = math.ceil(slides / (cluster.nodes * cluster.cores))
    tile_bytes = inputs.read_bytes * (_TILE / _PATCH) ** 2
    touched = (1 + (_PATCH - 1) / _TILE) ** 2  # tiles of a patch, in the mean over its places
    moved = slides * 1000 * (touched * tile_bytes + inputs.jpeg_bytes)
    compute_s = inputs.start_s + units * inputs.random_cpu_s
    return Estimate(1, compute_s, moved / cluster.bandwidth, cluster.queue_s)


def tables(inputs: Inputs) -> str:
    """All tables as Markdown, under their headings."""
    parts = {
        "What was measured": _inputs,
        "Held against whole runs": _held_against,
        "Like the paper's Table 4": _like_table_4,
        "Like the paper's Figure 7: 43 million patches": _like_figure_7,
        "How far the answer moves": _doubt,
    }
    return "\n\n".join(f"### {title}\n\n{part(inputs)}" for title, part in parts.items())


def _inputs(inputs: Inputs) -> str:
    rows = [
        ("patches of 224 px read on the slide", "n", f"{inputs.patches:,}"),
        ("processor time per patch", "c", f"{1e3 * inputs.patch_cpu_s:.3f} ms"),
        (
            "processor time per slide or part, beside its patches",
            "s",
            f"{inputs.slide_cpu_s:.2f} s",
        ),
        ("1,000 random patches of the slide, all in", "r", f"{inputs.random_cpu_s:.2f} s"),
        ("start of a task: Python and imports", "p", f"{inputs.start_s:.2f} s"),
        ("processor time beside a working core, against alone", "q", f"{inputs.neighbour:.2f}"),
        ("share of a slide in which one thread works alone", "f", f"{inputs.serial:.2f}"),
        ("bytes read per patch", "b", f"{inputs.read_bytes / 1e3:.1f} kB"),
        ("bytes written per patch, JPEG", "w", f"{inputs.jpeg_bytes / 1e3:.1f} kB"),
        ("bytes written per patch, raw", "w", f"{inputs.raw_bytes / 1e3:.1f} kB"),
    ]
    return _markdown(("measured", "in the model", "value"), rows)


def _held_against(inputs: Inputs) -> str:
    """What was timed as a whole beside what the model says of it."""
    one = inputs.slide_cpu_s + inputs.patches * inputs.patch_cpu_s
    apart = 2 * inputs.alone_s / max(inputs.alone_s, inputs.beside_s)
    rows = [
        ("one large slide, 1 worker", f"{inputs.one_core_s:.1f}", f"{one:.1f}", "1"),
        (
            "the same slide, 2 workers (threads)",
            f"{inputs.two_cores_s:.1f}",
            "",
            f"{inputs.one_core_s / inputs.two_cores_s:.2f}",
        ),
        ("a smaller slide, 1 worker", f"{inputs.alone_s:.1f}", "", "1"),
        ("two such, 2 shards (processes)", f"{inputs.beside_s:.1f}", "", f"{apart:.2f}"),
    ]
    return _markdown(("dense, JPEG", "wall, s", "model, s", "patches/s, against 1"), rows)


def _like_table_4(inputs: Inputs) -> str:
    rows = []
    for slides, nodes, sampling, how, count, paper_s in _PAPER:
        queue_s = 0.0 if nodes == 1 else Cluster().queue_s
        cluster = Cluster(nodes=nodes, cores=count // nodes, queue_s=queue_s)
        estimate = (random if sampling == "random" else dense)(inputs, slides, cluster)
        times = (estimate.compute_s, estimate.files_s, estimate.queue_s, estimate.seconds)
        said = [f"{time:,.1f}" for time in times]
        of_run = (slides, f"{nodes:,}", sampling, how, f"{count:,}", estimate.parts)
        rows.append((*of_run, *said[:-1], f"**{said[-1]}**", f"{paper_s:,}"))
    head = ("slides", "nodes", "sampling", "in the paper", "cores", "parts a slide")
    seconds_of = ("computing, s", "files, s", "queue, s", "all, s", "the paper, s")
    return _markdown((*head, *seconds_of), rows)


def _like_figure_7(inputs: Inputs) -> str:
    slides = math.ceil(_COHORT / inputs.patches)
    rows = []
    for nodes in _NODES:
        cluster = Cluster(nodes=nodes)
        jpeg, raw = dense(inputs, slides, cluster), dense(inputs, slides, cluster, codec="raw")
        once = random(inputs, slides, cluster)
        rows.append(
            (
                f"{nodes:,}",
                f"{nodes * cluster.cores:,}",
                jpeg.parts,
                f"{jpeg.compute_s:,.0f}",
                f"{jpeg.files_s:,.0f}",
                f"**{jpeg.seconds:,.0f}**",
                f"{raw.files_s:,.0f}",
                f"**{raw.seconds:,.0f}**",
                f"{once.seconds:,.0f}",
            )
        )
    head = (
        "nodes",
        "cores",
        "parts a slide",
        "computing, s",
        "files (JPEG), s",
        "all, JPEG, s",
        "files (raw), s",
        "all, raw, s",
        f"{slides:,} x 1,000 random, s",
    )
    return _markdown(head, rows)


def _doubt(inputs: Inputs) -> str:
    """How far the answer for 1,000 nodes moves with what is least certain."""
    slides, most = math.ceil(_COHORT / inputs.patches), Cluster(nodes=1000)
    slower = replace(inputs, patch_cpu_s=2 * inputs.patch_cpu_s, slide_cpu_s=2 * inputs.slide_cpu_s)
    cases: list[tuple[str, Inputs, Cluster]] = [
        ("as above", inputs, most),
        ("cores half as fast", slower, most),
        ("file system of 2 GB/s", inputs, replace(most, shared_bytes=2e9)),
        ("file system of 100 GB/s", inputs, replace(most, shared_bytes=100e9)),
        ("5 minutes in the queue", inputs, replace(most, queue_s=300)),
    ]
    rows = []
    for what, fed, cluster in cases:
        jpeg, raw = dense(fed, slides, cluster), dense(fed, slides, cluster, codec="raw")
        rows.append((what, f"{jpeg.seconds:,.0f}", f"{raw.seconds:,.0f}"))
    return _markdown(("43 million patches on 1,000 nodes", "JPEG, s", "raw, s"), rows)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def measure(folder: Path, rounds: int) -> Inputs:
    """The inputs of the model, on this machine."""
    slides = {
        _SLIDE: large_slide(folder, 49_152).parent,
        _LARGE: large_slide(folder, 100_352).parent,
    }
    with tempfile.TemporaryDirectory(dir=folder) as work:
        bench = Bench(slides, Path(work), rounds)
        found = compared(
            {
                "one": bench.job("extraction", Case(_LARGE)),
                "two": bench.job("extraction", Case(_LARGE, cores=2)),
                "part": replace(bench.job("extraction", Case(_LARGE)), parts=_MANY),
                "random": bench.job("extraction", Case(_LARGE, "random")),
            },
            rounds,
        ).runs
        one, part = (_least(found[way], "cpu_seconds") for way in ("one", "part"))
        patches, some = found["one"][0].patches, found["part"][0].patches
        patch_cpu_s = (one - part) / (patches - some)
        return Inputs(
            patches=patches,
            patch_cpu_s=patch_cpu_s,
            slide_cpu_s=one - patches * patch_cpu_s,
            random_cpu_s=_least(found["random"], "cpu_seconds"),
            start_s=_start_s(bench),
            **_bytes_per_patch(slides[_LARGE], Path(work), patches),
            one_core_s=_least(found["one"], "seconds"),
            two_cores_s=_least(found["two"], "seconds"),
            **_beside(bench),
        )


def _least(runs: Iterable[Run], field: str) -> float:
    """The least of the rounds: other work on the machine can only add."""
    return min(getattr(run, field) for run in runs)


def _beside(bench: Bench) -> dict[str, float]:
    """A slide alone on a core, and beside another one on the next core."""
    first = bench.job("extraction", Case(_SLIDE))
    second = replace(bench.job("extraction", Case(_SLIDE)), cores=cores(2)[-1:])
    alone: list[Run] = []
    beside: list[Run] = []
    with Worker(first) as one, Worker(second) as other, ThreadPoolExecutor() as pool:
        list(pool.map(Worker.run, (one, other)))  # the first run of a process is slower
        for _ in range(bench.rounds):
            alone.append(one.run())
            beside.append(max(pool.map(Worker.run, (one, other)), key=lambda run: run.seconds))
    return {
        "alone_s": _least(alone, "seconds"),
        "beside_s": _least(beside, "seconds"),
        "alone_cpu_s": _least(alone, "cpu_seconds"),
        "beside_cpu_s": _least(beside, "cpu_seconds"),
    }


def _start_s(bench: Bench) -> float:
    """Seconds of a command that does all but the work."""
    slide, out = str(bench.slides[_SLIDE]), str(bench.work / "nothing")
    call = [sys.executable, "-m", "layer1_extract", "extract", slide, "--out", out, "--dry-run"]
    run = partial(subprocess.run, call, check=True, capture_output=True)
    return min(seconds(run) for _ in range(bench.rounds + 1))


def _bytes_per_patch(slide: Path, work: Path, patches: int) -> dict[str, float]:
    """Read and written bytes; the whole slide file counts as read."""
    (entry,) = read_cohort(slide)
    outcome = extract_slide(
        entry, work / "bytes", load(ExtractSettings, None, Case(_LARGE).settings)
    )
    (path,) = [file.path for file in find_patch_files(work / "bytes")]
    return {
        "read_bytes": entry.path.stat().st_size / patches,
        "jpeg_bytes": path.stat().st_size / patches,
        "raw_bytes": _PATCH**2 * 3 * outcome.counts["kept"] / patches,
    }


def main() -> None:
    """Print the tables, measured now or from inputs of before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=Path, default=INPUTS, help="JSON file of the inputs")
    parser.add_argument("--measure", type=Path, help="measure, with the slides in this folder")
    parser.add_argument("--document", type=Path, help="Markdown file whose tables to renew")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.measure:
        cv2.setNumThreads(1)
        inputs = measure(options.measure, options.rounds)
        options.inputs.write_text(json.dumps(asdict(inputs), indent=2) + "\n", encoding="utf-8")
    text = tables(Inputs(**json.loads(options.inputs.read_text(encoding="utf-8"))))
    if options.document:
        before = options.document.read_text(encoding="utf-8").partition(MARK)[0]
        options.document.write_text(f"{before}{MARK}\n\n{text}\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
