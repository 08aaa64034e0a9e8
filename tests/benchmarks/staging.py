"""Copying to scratch and back with proof, against `cp`; and what it costs a whole extraction.

All on one disk, its files in the memory of the operating system: what is measured is the cost of
copying and proving. What scratch gains depends on the shared storage, which is not imitated here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from timing import pairs

from common.staging import FileSet, Scratch
from common.staging.proof import brought_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_LEAST: Final = 2_000_000_000
_SETTINGS: Final = ("--set", "sampling.method=dense", "--set", "storage.codec=jpeg")


def staging_rows(large: Path, small: Path, work: Path, rounds: int) -> list[list[str]]:
    """MB/s of copying in by one and by two workers, and of bringing back; seconds of `extract`.

    Parameters
    ----------
    large : Path
        A slide that is copied as often as makes 2 GB.
    small : Path
        A slide to extract.
    work : Path
        An empty folder, on the disk to measure.
    rounds : int
    """
    bench = _Bench(large, work)
    cp, synced = "`cp`", "`cp`, then `sync`"
    return [
        bench.row("copied to scratch, read there to prove it", cp, bench.fetch, bench.cp, rounds),
        bench.row(
            "the same by two workers",
            "two `cp` at once",
            lambda: bench.at_once(bench.fetch),
            lambda: bench.at_once(bench.cp),
            rounds,
        ),
        bench.row(
            "brought back, flushed, read back from the disk",
            synced,
            bench.bring_back,
            lambda: bench.cp(bench.sources, sync=True),
            rounds,
        ),
        _extract_row(small, work, rounds),
    ]


class _Bench:
    def __init__(self, slide: Path, work: Path) -> None:
        size = slide.stat().st_size
        (work / "sources").mkdir()
        (work / "scratch").mkdir()
        self.work = work
        self.sources = [work / "sources" / f"{at}.tif" for at in range(-(-_LEAST // size))]
        self.megabytes = size * len(self.sources) / 1e6
        for source in self.sources:
            source.symlink_to(slide)

    def row(
        self,
        what: str,
        other: str,
        ours: Callable[[], None],
        theirs: Callable[[], None],
        rounds: int,
    ) -> list[str]:
        mine, other_s, ratio = pairs(ours, theirs, rounds)
        return [
            f"{what}: {len(self.sources)} files, {self.megabytes:,.0f} MB",
            f"{self.megabytes / mine:.0f} MB/s",
            f"{other}: {self.megabytes / other_s:.0f} MB/s",
            f"{ratio:.2f}",
        ]

    def fetch(self, sources: Sequence[Path] | None = None) -> None:
        with Scratch(self.work / "scratch").hold() as hold:
            for source in sources or self.sources:
                hold.fetch(FileSet.of(source))

    def cp(self, sources: Sequence[Path] | None = None, *, sync: bool = False) -> None:
        for source in sources or self.sources:
            target = self.work / f"cp_{source.name}"
            subprocess.run(["cp", str(source.resolve()), str(target)], check=True)
            if sync:
                subprocess.run(["sync", str(target)], check=True)
        for source in sources or self.sources:
            (self.work / f"cp_{source.name}").unlink()

    def bring_back(self) -> None:
        targets = [self.work / f"back_{source.name}" for source in self.sources]
        for source, target in zip(self.sources, targets, strict=True):
            brought_back(source, target)
        for target in targets:
            target.unlink()

    def at_once(self, copy: Callable[[Sequence[Path]], None]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(copy, (self.sources[::2], self.sources[1::2])))


def _extract_row(slide: Path, work: Path, rounds: int) -> list[str]:
    out, call = work / "out", [sys.executable, "-m", "layer1_extract", "extract", str(slide)]
    call += ["--out", str(out), "--workers", "1", "--log-level", "error", *_SETTINGS]

    def extract(*more: str) -> None:
        subprocess.run([*call, *more], check=True, capture_output=True)
        shutil.rmtree(out)

    by_scratch = ("--scratch", str(work / "scratch"))
    mine, other, ratio = pairs(lambda: extract(*by_scratch), extract, rounds)
    return [
        f"`extract --scratch` on the same disk, {slide.stat().st_size / 1e6:,.0f} MB, one worker",
        f"{mine:.1f} s",
        f"without: {other:.1f} s",
        f"{ratio:.2f}",
    ]
