"""Layer 1: this project's extraction, OpenSlide's loop, and the decoder alone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from job import Job
from timing import Compared, compared, cores

from common.cohort import read_cohort
from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.proposals import proposals
from layer1_extract.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_PLACES: Final = 5_000
"""On how many patches the loop, the decoder, and reading without storing are timed: consecutive
ones from the middle of the tissue, or the first drawn at random. The extraction with storage is
timed on the whole slide, and compared by patches per second."""
STORED: Final = {"nothing": "none", "raw": "raw", "JPEG": "jpeg"}
_PATCH: Final = ["patch.size=224", "patch.mpp=native"]
_MIB_LIMIT: Final = 1024
_SECONDS_LIMIT: Final = 60


@dataclass(frozen=True)
class Case:
    """One row.

    Attributes
    ----------
    slide : str
        A key of `Bench.slides`.
    sampling : {"dense", "random"}
    cores : int
    stored : str
        A key of `STORED`.
    """

    slide: str
    sampling: str = "dense"
    cores: int = 1
    stored: str = "JPEG"

    @property
    def settings(self) -> list[str]:
        """Of layer 1."""
        method = [f"sampling.method={self.sampling}"]
        if self.sampling == "random":
            method.append("sampling.per_class=1000")
        return [*_PATCH, *method, f"storage.codec={STORED[self.stored]}"]


@dataclass(eq=False)
class Bench:
    """What is measured on, and with how many rounds.

    Attributes
    ----------
    slides : dict of str to Path
        Slides, or folders with one slide.
    work : Path
        Folder for what is written meanwhile.
    rounds : int
    """

    slides: dict[str, Path]
    work: Path
    rounds: int
    _places: dict[tuple[str, str], Path] = field(default_factory=dict)

    def job(self, way: str, case: Case) -> Job:
        """One way of doing the work of a case."""
        return Job(
            way=way,
            slide=str(self.slides[case.slide]),
            places=str(self._places_of(case)),
            settings=case.settings,
            cores=cores(case.cores),
            out=tempfile.mkdtemp(dir=self.work),
        )

    def _places_of(self, case: Case) -> Path:
        key = case.slide, case.sampling
        if key not in self._places:
            self._places[key] = self.work / f"places_{len(self._places)}.npy"
            np.save(self._places[key], _places(self.slides[case.slide], case))
        return self._places[key]


class Target(NamedTuple):
    """What was to be reached, and what was."""

    what: str
    wanted: str
    found: str
    reached: bool


def rows(bench: Bench, cases: Iterable[Case]) -> Iterator[tuple[Case, Compared]]:
    """Decoder, loop and ours in turn, for each case."""
    for case in cases:
        ours = "looked_at" if case.stored == "nothing" else "extraction"
        ways = {"decoder": "bound", "loop": "openslide", "ours": ours}
        jobs = {name: bench.job(way, case) for name, way in ways.items()}
        yield case, compared(jobs, bench.rounds)


def every_case(slides: Iterable[str], most_cores: int) -> list[Case]:
    """All of slides, ways to sample, cores and storages."""
    counts = range(1, min(2, most_cores) + 1)
    return [Case(*each) for each in product(slides, ("dense", "random"), counts, STORED)]


HEAD: Final = (
    "| slide | sampling | cores | stored | decoder alone | OpenSlide loop | ours | ours / loop "
    "| ours / decoder | cores busy, ours | peak MiB, loop | peak MiB, ours |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)

NOTE: Final = f"""
The loop, the decoder, and ours with nothing stored read the same places, at most {MOST_PLACES:,}.
Ours with storage is the extraction of the whole slide: finding tissue, the preview and the fsync
included. The loop opens the slide, reads, filters, stores and does its fsync, and is not asked for
more: on the small slide that difference is nearly all of the time. Rates are patches looked at per
second; fewer cores busy than given means that others had them.
"""


def row(case: Case, found: Compared) -> str:
    """One row as Markdown."""
    cells = [
        *(case.slide, case.sampling, str(case.cores), case.stored),
        *(f"{found.rate(way):,.0f}/s" for way in ("decoder", "loop", "ours")),
        *(f"{found.ratio('ours', other):.2f}" for other in ("loop", "decoder")),
        f"{found.busy('ours'):.1f}",
        *(f"{found.peak_mib(way):.0f}" for way in ("loop", "ours")),
    ]
    return "| " + " | ".join(cells) + " |"


def targets_of_rows(slide: str, measured: dict[Case, Compared]) -> Iterator[Target]:
    """What the rows of one slide were to reach."""
    if plain := measured.get(Case(slide, stored="nothing")):
        what = "reading and filtering all dense patches, one core, nothing stored"
        yield _at_least(f"{what}: against the loop", 5, plain.ratio("ours", "loop"))
        yield _at_least(f"{what}: against the decoder", 0.6, plain.ratio("ours", "decoder"))
    if drawn := measured.get(Case(slide, "random")):
        alone = drawn.ratio("decoder", "loop")
        what = f"random extraction, 1,000 patches, JPEG, one core (the decoder alone: {alone:.2f}x)"
        yield _at_least(f"{what}: against the loop", 3, drawn.ratio("ours", "loop"))
    if measured:
        peak = max(found.peak_mib("ours") for found in measured.values())
        yield Target("peak memory of all rows", "< 1,024 MiB", f"{peak:.0f} MiB", peak < _MIB_LIMIT)


def targets_of_command(bench: Bench, slide: str, large: str | None) -> Iterator[Target]:
    """The whole command: against the loop, two cores against one, and on the large slide."""
    one, two = Case(slide), Case(slide, cores=2)
    jobs = {"ours": bench.job("command", one), "loop": bench.job("openslide", one)}
    what = "the whole command, dense, JPEG, one core: against the loop with the same storage"
    yield _at_least(what, 2.5, compared(jobs, bench.rounds).ratio("ours", "loop"))
    if len(cores(2)) < 2:
        return
    jobs = {"one": bench.job("extraction", one), "two": bench.job("extraction", two)}
    found = compared(jobs, bench.rounds)
    what = f"dense extraction, JPEG: two cores ({found.busy('two'):.1f} of them got) against one"
    yield _at_least(what, 1.7, found.ratio("two", "one"))
    if large is not None:
        yield from _large(bench, large)


def _large(bench: Bench, slide: str) -> Iterator[Target]:
    """Once, after a run that brings the file to memory."""
    found = compared({"ours": bench.job("command", Case(slide, cores=2))}, rounds=1)
    (run,) = found.runs["ours"]
    what = f"the whole command, {slide}, dense, JPEG, two cores, {run.patches:,} patches"
    yield Target(
        what, f"< {_SECONDS_LIMIT} s", f"{run.seconds:.1f} s", run.seconds < _SECONDS_LIMIT
    )
    peak = found.peak_mib("ours")
    yield Target(f"{what}: peak memory", "< 1,024 MiB", f"{peak:.0f} MiB", peak < _MIB_LIMIT)


def target_table(targets: Iterable[Target]) -> str:
    """The targets as Markdown."""
    lines = ["| what | to reach | reached | |", "|---|---|---|---|"]
    for target in targets:
        verdict = "yes" if target.reached else "**no**"
        lines.append(f"| {target.what} | {target.wanted} | {target.found} | {verdict} |")
    return "\n".join(lines)


def _at_least(what: str, wanted: float, found: float) -> Target:
    return Target(what, f"{wanted:g}x", f"{found:.2f}x", found >= wanted)


def _places(slide: Path, case: Case) -> np.ndarray:
    """Corners whose patches have enough tissue to be read, (N, 2) int64 level-0 px."""
    (entry,) = read_cohort(slide)
    settings = load(ExtractSettings, None, case.settings)
    known = survey(entry, settings)
    (proposed,) = proposals(known, settings, part=0, parts=1)
    enough = known.mask.coverage(proposed.xy, known.edge) >= settings.tissue.min_fraction
    xy = proposed.xy[enough]
    if case.sampling == "random":
        return xy[:1000]
    start = max(0, (len(xy) - MOST_PLACES) // 2)
    return xy[start : start + MOST_PLACES]
