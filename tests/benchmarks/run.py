"""Speed and memory of the main steps, each against an alternative in the same run.

Printed as Markdown tables. Times on a shared machine are noisy: the ways of a row are timed in
turn, each pinned to its cores, and each figure is a median over the rounds. The slides are in the
memory of the operating system when they are timed, so no disk is measured but the one written to.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
from extraction import (
    HEAD,
    NOTE,
    Bench,
    every_case,
    row,
    rows,
    target_table,
    targets_of_command,
    targets_of_rows,
)
from slides import large_slide
from timing import cores

from common.cluster import quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extraction import Case, Target
    from timing import Compared

LAYERS: Final = (
    *("extraction", "command", "training", "networks"),
    *(
        "inference",
        "explaining",
        "nuclei",
        "concepts",
        "staging",
        "transfer",
        "containers",
        "planning",
    ),
)
_SHARED: Final = Path(__file__).parents[2].parent / "shared" / "data"
_REAL: Final = "slides/cmu-1-small-region.svs"


def main() -> None:
    """Measure what is asked for, and print the tables."""
    options = _options()
    logging.disable(logging.WARNING)
    quiet_libraries()
    cv2.setNumThreads(1)
    start = time.perf_counter()
    options.slides.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.slides) as work:
        if {"extraction", "command"} & set(options.rows):
            _layer1(options, Path(work))
        if {"training", "inference"} & set(options.rows):
            _others(options, Path(work))
        if "concepts" in options.rows:
            from concepts import concept_rows

            _table(concept_rows(Path(work), options.rounds))
        if "planning" in options.rows:
            from planning import HEAD as PLANNING
            from planning import planning_rows

            with tempfile.TemporaryDirectory(dir=work) as own:
                _say("\n".join(["", PLANNING, *planning_rows(Path(own), options.rounds)]))
        if "transfer" in options.rows:
            from transfer import transfer_rows

            _table(list(transfer_rows(Path(work), options.rounds)))
        if "containers" in options.rows:
            _containers(Path(work), options)
        if "staging" in options.rows:
            _staging(options, Path(work))
    if "explaining" in options.rows:
        from explaining import lime_row

        _table([lime_row(options.rounds)])
    if "nuclei" in options.rows:
        _nuclei(options.data)
    if "networks" in options.rows:
        _say("")
        subprocess.run([sys.executable, str(Path(__file__).with_name("networks.py"))], check=True)
    load = f"{os.getloadavg()[1]:.1f} processes ran or waited meanwhile on {os.cpu_count()} cores"
    _say(f"\n{time.perf_counter() - start:.0f} s in all; {load}")


def _layer1(options: argparse.Namespace, work: Path) -> None:
    name = f"{options.size:,} px"
    slides = {name: large_slide(options.slides, options.size).parent}
    real = options.data / _REAL
    if real.is_file():
        slides[real.name] = real
    else:
        _say(f"{real} is not there: its rows are skipped")
    bench = Bench(slides, work, options.rounds)
    measured: dict[Case, Compared] = {}
    if "extraction" in options.rows:
        _say(HEAD)
        for case, found in rows(bench, every_case(slides, len(cores(2)))):
            measured[case] = found
            _say(row(case, found))
        _say(NOTE)
    targets = list(targets_of_rows(name, measured))
    if "command" in options.rows:
        targets += _of_command(bench, name, options)
    _say("\n" + target_table(targets))


def _of_command(bench: Bench, name: str, options: argparse.Namespace) -> Iterator[Target]:
    large = None
    if options.large:
        large = f"{options.large:,} px"
        bench.slides[large] = large_slide(options.slides, options.large).parent
    for target in targets_of_command(bench, name, large):
        _note(target.what)
        yield target


def _others(options: argparse.Namespace, work: Path) -> None:
    """Layers 2 and 3, on a small phantom."""
    cohort = work / "cohort"
    phantom = [sys.executable, "-m", "layer1_extract", "phantom", str(cohort)]
    call = [*phantom, "--slides", "1", "--size", str(options.phantom)]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lines = []
    if "training" in options.rows:
        from training import training_rows

        lines += training_rows(cohort, work, options.rounds)
    if "inference" in options.rows:
        from inference import inference_rows, memory_row

        lines += inference_rows(cohort, options.rounds)
        if options.large:
            lines.append(memory_row(large_slide(options.slides, options.large).parent, work))
    _table(lines)


def _staging(options: argparse.Namespace, work: Path) -> None:
    from staging import staging_rows

    small = large_slide(options.slides, options.size)
    large = large_slide(options.slides, options.large) if options.large else small
    _table(staging_rows(large, small, work, options.rounds))


def _nuclei(data: Path) -> None:
    from nuclei import nuclei_rows

    if (data / "nuclei").is_dir():
        _table(nuclei_rows(data))
    else:
        _say(f"{data / 'nuclei'} is not there: its rows are skipped")


def _containers(work: Path, options: argparse.Namespace) -> None:
    from containers import container_rows, missing

    if why := missing():
        _say(f"{why}: the rows of containers are skipped")
    else:
        _table(container_rows(work, options.rounds, options.seconds))


def _table(lines: list[list[str]]) -> None:
    _say("\n| what | ours | the alternative | ratio |\n|---|---|---|---|")
    _say("\n".join("| " + " | ".join(line) + " |" for line in lines))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rows", nargs="+", choices=LAYERS, default=LAYERS, help="which to measure")
    add("--size", type=int, default=49_152, help="edge of the slide of layer 1, px")
    add("--large", type=int, default=100_352, help="edge of the large one; 0 leaves it out")
    add("--phantom", type=int, default=8192, help="edge of the slide of layers 2 and 3, px")
    add("--rounds", type=int, default=3, help="how often each row is timed")
    add("--seconds", type=float, default=20, help="how long a container evaluates, each time")
    add("--data", type=Path, default=_SHARED, help="folder of the real data")
    folder = Path(tempfile.gettempdir()) / "camnet_benchmark"
    add("--slides", type=Path, default=folder, help="where the slides are made and kept")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, flush=True)


def _note(text: str) -> None:
    print(f"measured: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
