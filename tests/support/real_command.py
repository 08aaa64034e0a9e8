"""A layer's command in processes of its own, as users, schedulers and the kernel treat them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

TIMEOUT_S = 600


def start(*words, layer="layer1_extract", preexec_fn=None, **options):
    """The command at work, in a session of its own; its words may be paths and numbers."""
    command = [sys.executable, "-m", layer, *map(os.fspath, map(_text, words))]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}

    def begin():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which who runs the tests may ignore
        if preexec_fn is not None:
            preexec_fn()

    return subprocess.Popen(
        command,
        start_new_session=True,
        text=True,
        errors="replace",
        preexec_fn=begin,
        **streams,
        **options,
    )


def ended(process):
    """What the command said, and its status, once it has ended by itself."""
    try:
        out, err = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        kill(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run(*words, **options):
    """The command from start to end."""
    return ended(start(*words, **options))


def done(*words, **options):
    """The command from start to an end in success; what it said."""
    result = run(*words, **options)
    assert result.returncode == 0, f"{words}: {result.returncode}: {result.stdout}{result.stderr}"
    assert "Traceback" not in result.stderr, result.stderr
    return result


def kill(process):
    """Kill it and every process it started, at once: the machine goes, or the job's time is up."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _text(word):
    return word if isinstance(word, (str, bytes, os.PathLike)) else str(word)
