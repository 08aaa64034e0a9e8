"""Kill a command at every single moment that changes a file, and hold that it recovers.

    python crash_points.py STEP BEFORE WHOLE OUT words of layer1-extract

For every STEP-th change of a file below OUT that the command makes: OUT is made a copy of BEFORE,
the command is killed just before that change, the same command is run to its end, and OUT must hold
what WHOLE does. A process is forked for each run, so that nothing is imported twice.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path

from results_folder import assert_same_results

from layer1_extract.cli import main

CHANGES = {"os.rename": 0, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0, "os.truncate": 0}
CHANGES |= {"open": 0, "os.link": 1}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def changed(event, arguments, out):
    """The path below `out` that an audit event is about to change; empty where there is none."""
    if event not in CHANGES or (event == "open" and not arguments[2] & WRITING):
        return ""
    path = arguments[CHANGES[event]]
    text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    return text if text.startswith(str(out)) else ""


def forked(words, out, point=0):
    """The status of the command in a process of its own, negative where it was killed."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    seen = itertools.count(1)

    def die(event, arguments):
        if (path := changed(event, arguments, out)) and next(seen) == point:
            os.write(1, f"{point} {event} {path}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    sys.argv = ["layer1-extract", *words]
    main()
    raise AssertionError("the command always exits")


def every_point(step, before, whole, out, words):
    """Kill and recover at one change after the other."""
    for point in itertools.count(1, step):
        shutil.rmtree(out, ignore_errors=True)
        if before.exists():
            shutil.copytree(before, out)
        status = forked(words, out, point)
        if status != -signal.SIGKILL:
            assert status == 0, status
            return
        assert forked(words, out) == 0
        assert_same_results(out, whole)


if __name__ == "__main__":
    every_point(int(sys.argv[1]), *map(Path, sys.argv[2:5]), sys.argv[5:])
