"""Dockerfiles, read as their builders read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from project import ROOT

LAYERS = {
    "layer1_extract": "layer1-extract",
    "layer2_train": "layer2-train",
    "layer3_infer": "layer3-infer",
}


@dataclass(frozen=True)
class Stage:
    """One stage: what it starts from, its name, and its instructions in order."""

    base: str
    name: str
    steps: tuple[tuple[str, str], ...]

    def all(self, word):
        """What follows each instruction of this kind."""
        return [rest for kind, rest in self.steps if kind == word]


@cache
def instructions(layer):
    """Every instruction of a layer's Dockerfile as its word and what follows, on one line."""
    text = (ROOT / "containers" / f"{layer}.Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in joined if line.strip()]


@cache
def stages(layer):
    """The stages in order; what comes before the first is left out."""
    found = []
    for word, rest in instructions(layer):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append((base, name, []))
        elif found:
            found[-1][2].append((word, rest))
    return [Stage(base, name, tuple(steps)) for base, name, steps in found]


def sources(copied):
    """What a COPY from the project takes; nothing where it takes from another stage."""
    words = copied.split()
    return [] if words[0].startswith("--from=") else words[:-1]


def script(run):
    """The shell lines of a RUN, without what is mounted for them."""
    return re.sub(r"--mount=\S+\s*", "", run)
