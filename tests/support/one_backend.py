"""The commands of layers 2 and 3, in processes that have one backend of Keras and no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from project import ROOT

TIMEOUT_S = 600
OTHERS = {
    "tensorflow": ("jax", "torch"),
    "jax": ("tensorflow", "tf_keras", "torch"),
    "torch": ("tensorflow", "tf_keras", "jax"),
}
_CODE = """
import json, os, signal, sys
absent, stop_after, commands = json.loads(sys.argv[1])

class Finder:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Finder, sys.meta_path)
import layer2_train.training_model
from common.errors import Interrupted

step = layer2_train.training_model.TrainingModel.step
done = 0

def counted(*given):
    global done
    done += 1
    if done == stop_after:
        os.kill(os.getpid(), signal.SIGUSR1)
    return step(*given)

layer2_train.training_model.TrainingModel.step = counted
try:
    for layer, *words in commands:
        cli = __import__(f"{layer}.cli", fromlist=["cli"]).cli
        if status := cli.main(words, standalone_mode=False):
            sys.exit(status)
except Interrupted:
    sys.exit(75)
loaded = sorted(name for name in absent if name in sys.modules)
sys.exit(f"imported {loaded}" if loaded else 0)
"""


def run(backend, *commands, stop_after=0):
    """Commands one after the other, each the name of its layer and its words.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}
        The only one that can be imported.
    stop_after : int
        Training step, counted from 1, at which SIGUSR1 comes; 0 for none.
    """
    words = [[str(word) for word in command] for command in commands]
    given = json.dumps([OTHERS[backend], stop_after, words])
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }
    return subprocess.run(
        [sys.executable, "-c", _CODE, given],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
