"""A process that halts by itself in the middle of its work, so that no test has to be fast.

Whoever watches a process may be kept from looking for seconds, while it goes on and ends.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from project import ROOT
from waiting import until

_HERE = Path(__file__).parent


class Halt:
    """Where processes halt that are started with `environment`, once they are asked to.

    Left as a context, it ends those that still halt.

    Parameters
    ----------
    folder : Path
        Of its own; may hold variables of the processes, such as ``$SLURM_ARRAY_TASK_ID``.
    function : str
        ``module:name``, or ``module:Class.name``: it halts where it calls this.
    turn : int
        It halts at this call at the earliest, counted from 1.
    """

    def __init__(self, folder, function, turn=1):
        self._folder = str(folder)
        paths = [str(_HERE / "at_start"), str(ROOT), str(_HERE)]
        self.environment = {
            "PYTHONPATH": os.pathsep.join(paths),
            "HALT_IN": function,
            "HALT_TURN": str(turn),
            "HALT_FOLDER": self._folder,
        }
        self._seen = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self._seen:
            if state(pid) == "T":
                os.kill(pid, signal.SIGKILL)

    def ask(self, times=1, **variables):
        """Have as many processes halt, of those that have these variables."""
        folder = Path(self._resolved(variables))
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(times):
            (folder / str(number)).touch()

    def halted(self, times=1, **variables):
        """Their process ids, once they have halted; one more halts for each that is asked."""
        folder = Path(self._resolved(variables))
        until(lambda: len(_taken(folder)) == times, f"{self.environment['HALT_IN']} was not called")
        found = _taken(folder)
        for path in found:
            path.unlink()
        pids = [int(path.suffix[1:]) for path in found]
        self._seen.update(pids)
        until(lambda: all(state(pid) == "T" for pid in pids), "they went on")
        return pids

    def _resolved(self, variables):
        folder = self._folder
        for name, value in variables.items():
            folder = folder.replace(f"${name}", str(value))
        return folder


def go(pid):
    """Let a process go on."""
    os.kill(pid, signal.SIGCONT)


def waits(pid, number):
    """Whether a signal waits for a halted process to go on."""
    return bool(int(_status(pid)["ShdPnd"], 16) & 1 << number - 1)


def state(pid):
    """A letter, T where it is halted; empty where there is no such process."""
    return _status(pid).get("State", " ")[0].strip()


def _status(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _taken(folder):
    return sorted(folder.parent.glob(f"{folder.name}.*"))
