"""What a check found, in words that a person can pass on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["ok", "warning", "failed"]
STATES: Final[tuple[State, ...]] = get_args(State)
"""From best to worst: a warning lets the work go on, what failed will stop it."""


@dataclass(frozen=True)
class Finding:
    """One line about the machine.

    Attributes
    ----------
    name : str
        What was looked at, in a word or two.
    state : {"ok", "warning", "failed"}
    said : str
        What was found.
    advice : str
        What to do about it; empty where all is well.
    """

    name: str
    state: State
    said: str
    advice: str = ""

    def __post_init__(self) -> None:
        if (self.state == "ok") == bool(self.advice):
            raise ValueError(f"{self.name}: advice is for what is not well, and for all of that")


def ok(name: str, said: str) -> Finding:
    """A finding of something that is well."""
    return Finding(name, "ok", said)


def warning(name: str, said: str, advice: str) -> Finding:
    """A finding of something that may hurt."""
    return Finding(name, "warning", said, advice)


def failed(name: str, said: str, advice: str) -> Finding:
    """A finding of something that will stop the work."""
    return Finding(name, "failed", said, advice)


def worst(findings: Iterable[Finding]) -> State:
    """The worst state among findings; ``ok`` where there are none."""
    found = {finding.state for finding in findings}
    for state in reversed(STATES):
        if state in found:
            return state
    return "ok"
