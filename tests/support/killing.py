"""Extraction killed at random moments, again and again, until it is let finish."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import time
from dataclasses import dataclass

from real_command import done, kill, start
from results_folder import age_traces, assert_same_results, assert_sound, traces

SMALL = ("--set", "patch.size=96", "--set", "patch.mpp=native")
DENSE = ("--set", "sampling.method=dense", "--set", "sampling.stride=96")
RANDOM = ("--set", "sampling.per_class=40", "--set", "sampling.draws=3")
A_DAY_S = 25 * 3600


@dataclass(frozen=True)
class Way:
    """One way to extract, with the result and the seconds of an undisturbed run."""

    words: tuple
    out: object
    seconds: float

    @property
    def name(self):
        return " ".join(word for word in self.words if word not in {"--set", *SMALL})


def every_way():
    """The options of every mixture of sampling, codec, blocks and workers."""
    samplings, codecs = (DENSE, RANDOM), ("raw", "jpeg")
    for sampling, codec, blocks, workers in itertools.product(samplings, codecs, (1, 3), (1, 2)):
        cut = ("--blocks", str(blocks), "--workers", str(workers))
        yield (*SMALL, *sampling, "--set", f"storage.codec={codec}", *cut)


def undisturbed(slides, out, words):
    """A `Way` that was run to its end."""
    begun = time.monotonic()
    done("extract", slides, "--out", out, *words)
    return Way(words, out, time.monotonic() - begun)


def kill_and_finish(slides, out, way, chance, kills=1):
    """Kill the command `kills` times, finish it, and hold the result to the undisturbed one.

    Returns
    -------
    list of str
        What lay in the folder when it was killed that has no place in a result.
    """
    left = set()
    command = ("extract", slides, "--out", out, *way.words)
    for _ in range(kills):
        process = start(*command)
        time.sleep(chance.uniform(0, way.seconds))
        kill(process)
        left |= set(traces(out))
    done(*command)
    assert_same_results(out, way.out)
    assert_sound(out)
    age_traces(out, A_DAY_S)
    done(*command)
    assert traces(out) == []
    assert_same_results(out, way.out)
    shutil.rmtree(out)
    return sorted(left)


def chance_of(seed):
    """A source of moments; another seed gives other ones."""
    return random.Random(f"{seed} {os.environ.get('CAMNET_KILL_SEED', '')}")
