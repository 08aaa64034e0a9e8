"""Extraction of the mosaic cohort killed at random moments, and finished after each.

    PYTHONPATH=tests/support .venv/bin/python tests/benchmarks/kills.py --kills 100

Not part of ``make bench``: 100 kills take about ten minutes on two cores. It goes through
dense and random sampling, raw and JPEG storage, whole slides and parts, one and two processes in
turn, and kills with SIGKILL all processes of the command at once, between its start and the moment
an undisturbed run ends. Each command is killed one to three times in a row and then let finish: the
result must be the undisturbed one bit for bit, pass its check with every patch decoded, and a day
later leave nothing that has no place in a result. The tests do the same a few times.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from killing import chance_of, every_way, kill_and_finish, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOSAIC: Final = Path(__file__).parents[2].parent / "shared" / "data" / "mosaic"


def main() -> None:
    """Kill as often as asked for, and say what was left each time."""
    options = _options()
    start, left, chance = time.monotonic(), Counter[str](), chance_of(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ways = list(_ways(options.slides, work))
        done = 0
        for way in itertools.cycle(ways):
            if done >= options.kills:
                break
            kills = min(chance.randint(1, 3), options.kills - done)
            traces = kill_and_finish(options.slides, work / "killed", way, chance, kills)
            left.update(_kind(name) for name in traces)
            done += kills
            print(f"{done:4} kills: {way.name}: {len(traces)} traces left, recovered", flush=True)
    print(f"{done} kills, all recovered, in {time.monotonic() - start:.0f} s")
    print("left behind: " + ", ".join(f"{n} {kind}" for kind, n in left.most_common()))


def _ways(slides: Path, work: Path) -> Iterator[Any]:
    for number, words in enumerate(every_way()):
        way = undisturbed(slides, work / f"undisturbed_{number}", words)
        print(f"undisturbed, {way.seconds:.1f} s: {way.name}", flush=True)
        yield way


def _kind(trace: str) -> str:
    """What kind of file was left: the folder, and whether it was being written."""
    folder = Path(trace).parts[0] if "/" in trace else "."
    return f"{folder} {'half-written' if trace.endswith('.partial') else 'claims'}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", default="0", help="another seed kills at other moments")
    parser.add_argument("--slides", type=Path, default=_MOSAIC, help="cohort to extract")
    return parser.parse_args()


if __name__ == "__main__":
    main()
