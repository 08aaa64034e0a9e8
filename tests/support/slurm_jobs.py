"""A real SLURM on this machine, and what its jobs do, as its own commands tell it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import launching
from halting import go, state
from project import ROOT
from waiting import until

SCRIPTS = ROOT / "slurm"
_CLUSTER = ROOT / "tests" / "slurm" / "cluster.sh"
_COMMAND_S = 300
_COLUMNS = "ArrayJobID", "ArrayTaskID", "State", "Reason", "NodeList", "RestartCnt", "Name"
_OVER = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"}
_POLL_S = 0.2
_LOOK_S = 0.02


@dataclass(frozen=True)
class Task:
    """A job, or one task of an array, as `squeue` tells of it; `task` is -1 outside arrays."""

    job: int
    task: int
    state: str
    reason: str
    node: str
    restarts: int
    name: str


class Slurm:
    """Two nodes, n1 and n2, of two cores each; everything times out, and says what it saw."""

    def __init__(self, folder):
        self._folder = folder
        self.environment = launching.clean() | {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "HOROVOD_GLOO_IFACE": "lo",
        }
        self.logs = folder / "logs"

        self._hurried = set()

    def start(self):
        """Start it; empty, or why it cannot be had here."""
        begun = _script("start", self._folder)
        if begun.returncode == 77:
            return begun.stderr.strip().splitlines()[-1]
        assert begun.returncode == 0, begun.stderr
        return ""

    def stop(self):
        assert _script("stop", self._folder).returncode == 0

    def kill_node(self, node):
        """As if its plug were pulled: nobody on it says another word, and the others are told."""
        assert _script("kill-node", self._folder, node).returncode == 0
        self.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=lost")

    def start_node(self, node):
        assert _script("start-node", self._folder, node).returncode == 0

    def run(self, *words, status=0, timeout=_COMMAND_S, **environment):
        """What a command says that users would type."""
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.environment | environment,
        )
        assert done.returncode == status, f"{words}: {done.stdout}{done.stderr}\n{self.picture()}"
        return done.stdout

    def sbatch(self, *words, **environment):
        """Submit; the job's number. Logs are named after its name and number."""
        self.logs.mkdir(exist_ok=True)
        names = self.logs / ("%x-%A_%a.log" if "--array" in str(words) else "%x-%j.log")
        said = self.run("sbatch", "--parsable", f"--output={names}", *words, **environment)
        return int(said)

    def tasks(self, *jobs):
        """Every `Task` of these jobs; without any, of all."""
        columns = ",".join(f"{name}:|" for name in _COLUMNS)
        said = self.run("squeue", "--states=all", "--array", "--noheader", "-O", columns)
        found = []
        for line in said.splitlines():
            job, task, state, reason, node, restarts, name = line.split("|")[: len(_COLUMNS)]
            number = int(task) if task.isdecimal() else -1
            found.append(Task(int(job), number, state, reason, node, int(restarts), name))
        chosen = [task for task in found if not jobs or task.job in jobs]
        for task in chosen:
            self._hurry(task)
        return sorted(chosen, key=lambda task: (task.job, task.task))

    def _hurry(self, task):
        """Begin what was put back into the queue before its two minutes are over.

        Not within the second in which it ended: its credentials from then are no longer taken.
        """
        place = task.job, task.task, task.restarts
        if task.reason != "BeginTime" or place in self._hurried:
            return
        self._hurried.add(place)
        name = f"{task.job}_{task.task}" if task.task >= 0 else task.job
        self.run("scontrol", "update", f"JobId={name}", "StartTime=now+2")

    def ended(self, *jobs, within=300):
        """Every `Task` of these jobs, once all are over."""

        def over():
            tasks = self.tasks(*jobs)
            return tasks if all(task.state in _OVER for task in tasks) else None

        return self.until(over, within)

    def until(self, look, within=300, every=_POLL_S):
        """What `look` gives as soon as that is something; else a picture of what there is."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(every)
        raise AssertionError(f"waited for {within} s in vain\n{self.picture()}")

    def caught(self, job, out, task):
        """A process of an array's task that is at work on a slide, stopped in the middle of it.

        None where the job was over before anybody looked: better have it halt by itself, as
        `halting` does, where that is possible.
        """

        def look():
            for pid in _at_work(out, task):
                with suppress(OSError):  # it ended meanwhile
                    held = Held(pid)
                    os.kill(pid, signal.SIGSTOP)
                    until(lambda pid=pid: state(pid) in {"T", "Z", ""})
                    if pid in _at_work(out, task):
                        return held
                    go(pid)
            return all(one.state in _OVER for one in self.tasks(job))

        found = self.until(look, every=_LOOK_S)
        return None if found is True else found

    def log(self, job, task=None):
        """What a job wrote."""
        ending = f"-{job}.log" if task is None else f"-{job}_{task}.log"
        paths = [path for path in self.logs.iterdir() if path.name.endswith(ending)]
        return "".join(path.read_text() for path in paths)

    def picture(self):
        """What the scheduler knows, and the ends of all logs."""
        asked = ("squeue", "--states=all", "--array"), ("sinfo", "--Node", "--long")
        said = [
            subprocess.run(
                words,
                capture_output=True,
                text=True,
                timeout=_COMMAND_S,
                env=self.environment,
                check=False,
            ).stdout
            for words in asked
        ]
        logs = [*self._folder.glob("slurm*.log"), *self._folder.rglob("logs/*.log")]
        said += [f"{path}\n{_tail(path)}" for path in sorted(logs)]
        return "\n".join(said)

    def clear(self):
        """No job, and both nodes up, whatever a test left."""
        self.run("scancel", "--user=root")
        idle = ("sinfo", "--noheader", "--format=%D", "--states=idle")
        for node in ("n1", "n2"):
            state = self.run("sinfo", "--noheader", "--format=%T", f"--nodes={node}").strip()
            if state.endswith("*") or state == "down":
                self.start_node(node)
        self.until(lambda: self.run(*idle).strip() == "2")


class Held:
    """A process of a job that halted, and where it runs."""

    def __init__(self, pid):
        self.pid = pid
        said = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        environment = dict(word.decode().split("=", 1) for word in said if b"=" in word)
        self.node = environment["SLURMD_NODENAME"]
        self.job = int(environment["SLURM_JOB_ID"])


def _at_work(out, task):
    """Process ids of those who say that they are at work for a task."""
    found = set()
    for path in (out / "running").glob("[!.]*.json"):
        try:
            claim = json.loads(path.read_text())
        except (OSError, ValueError):  # it ended meanwhile
            continue
        if claim["task"] == str(task) and Path(f"/proc/{claim['pid']}").exists():
            found.add(claim["pid"])
    return found


def _script(*words):
    return subprocess.run(
        [_CLUSTER, *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=_COMMAND_S,
    )


def _tail(path, lines=20):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
