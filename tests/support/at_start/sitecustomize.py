"""Python runs this at its start where its folder is on PYTHONPATH; see `halting`."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import signal
import sys
from pathlib import Path


def asked():
    """Whether this process shall halt; of several that come at once each takes a request."""
    folder = Path(os.path.expandvars(os.environ["HALT_FOLDER"]))
    for request in folder.glob("*"):
        try:
            request.rename(f"{folder}.{os.getpid()}")
        except FileNotFoundError:
            continue
        return True
    return False


def halting(function, turn):
    """The same function, at whose calls from the given turn on the process may halt."""
    calls = itertools.count(1)

    @functools.wraps(function)
    def halted(*arguments, **options):
        if next(calls) >= turn and asked():
            os.kill(os.getpid(), signal.SIGSTOP)
        return function(*arguments, **options)

    return halted


class Finder:
    """Replaces a function of a module as soon as that is imported."""

    def __init__(self, target, turn):
        self.module, _, self.names = target.partition(":")
        self.turn = turn

    def find_spec(self, name, path=None, target=None):
        if name != self.module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def executed(module):
            execute(module)
            self.replace(module)

        spec.loader.exec_module = executed
        return spec

    def replace(self, owner):
        *owners, name = self.names.split(".")
        owner = functools.reduce(getattr, owners, owner)
        setattr(owner, name, halting(getattr(owner, name), self.turn))


if "HALT_IN" in os.environ:
    sys.meta_path.insert(0, Finder(os.environ["HALT_IN"], int(os.environ["HALT_TURN"])))
