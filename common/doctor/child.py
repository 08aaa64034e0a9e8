"""A program beside this one, for what may hang or end the process that does it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT: Final = Path(__file__).parents[2]
_START: Final = """
import runpy, sys
root, module = sys.argv[1:3]
del sys.argv[1:3]
if root not in sys.path:
    sys.path.insert(len(sys.path) if sys.flags.no_site else 0, root)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
"""Starts a module as ``python -m`` does, with ours as they are here: before others that may be
installed, but not before the standard library."""


@dataclass(frozen=True)
class Told:
    """What the program told.

    Attributes
    ----------
    steps : dict of str to dict
        The lines it printed, JSON objects, by their ``step``.
    end : str
        How it ended, where not well: the last line of its errors, the signal that ended it, or
        that it was given no more time.
    timed_out : bool
    """

    steps: dict[str, dict[str, Any]]
    end: str = ""
    timed_out: bool = False


def words_of(module: str, *, alone: bool = False) -> tuple[str, ...]:
    """The words that start a module of ours; its arguments go behind.

    As our commands, it takes no file of the current folder for a library.

    Parameters
    ----------
    module : str
        Such as ``common.doctor.attempts``.
    alone : bool
        Whether it has nothing beside it but the standard library, so that it starts at once.
    """
    options = ("-I", "-S") if alone else ("-P",)
    return (sys.executable, *options, "-c", _START, str(_ROOT), module)


def told_by(command: Sequence[str], seconds: float) -> Told:
    """Run `command` for `seconds` at most. One that cannot be ended is left behind."""
    child = subprocess.Popen(  # noqa: S603 - our own words
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        out, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        return Told(_steps(_rest(child)), f"no end within {seconds:g} s", timed_out=True)
    except BaseException:
        child.kill()
        raise
    return Told(_steps(out), _end(child.returncode, errors))


def _rest(child: subprocess.Popen[str]) -> str:
    """What a killed program had told; one that waits for a disk does not end even so."""
    try:
        return child.communicate(timeout=1)[0]
    except subprocess.TimeoutExpired as error:
        return error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else ""


def _steps(out: str) -> dict[str, dict[str, Any]]:
    steps: dict[str, dict[str, Any]] = {}
    for line in out.splitlines():
        try:
            step = json.loads(line)
        except ValueError:  # a library that prints
            continue
        if isinstance(step, dict) and "step" in step:
            steps[str(step["step"])] = step
    return steps


def _end(status: int, errors: str) -> str:
    if status == 0:
        return ""
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1] if lines else f"ended with status {status}"
