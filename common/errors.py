"""Errors a user can act on.

A class exists here only when something catches it or it earns its own exit status. Anything
else is a built-in exception and reaches the user as a traceback, because it is a bug.

Every message reads ``<file>: <item>: expected <this>, found <that>. <What to do>``.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

DAMAGE: Final = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What libraries that read files make of a damaged one."""


class PipelineError(Exception):
    """Something outside the program must change before it can succeed."""

    exit_status: ClassVar[int] = 1


class ConfigError(PipelineError, ValueError):
    """A command line or a configuration asks for something that cannot be done."""

    exit_status = 2


class SlideError(PipelineError):
    """A slide, or its annotation, cannot be read or does not say how large its pixels are."""

    exit_status = 3


class PixelError(SlideError):
    """Some pixels of a slide do not decode; the rest of it may."""


class ContractError(PipelineError, ValueError):
    """A file exchanged between layers does not follow its specification.

    Parameters
    ----------
    path : Path
        The file.
    item : str
        The dataset, attribute or key at fault, as it is spelled in the file.
    expected, found : str
        What the specification asks for, and what is there.
    advice : str
        What to do next, as a sentence of its own; empty when the message says enough.
    """

    exit_status = 4

    def __init__(
        self, path: Path | str, item: str, expected: str, found: str, advice: str = ""
    ) -> None:
        tail = f". {advice}" if advice else ""
        super().__init__(f"{path}: {item}: expected {expected}, found {found}{tail}")
        self.path = path
        self.item = item
        self.expected = expected
        self.found = found


class Interrupted(PipelineError):  # noqa: N818 - a state, not a mistake
    """The work stopped at a checkpoint; the same command goes on from there."""

    exit_status = 75


def unknown_name(what: str, name: str, known: Collection[str]) -> ConfigError:
    """The error that answers a wrong name with the closest known one, and all of them.

    Examples
    --------
    >>> print(unknown_name("network", "resent50", ["camnet_small", "resnet50"]))
    no such network. Did you mean 'resnet50'? Known: camnet_small, resnet50
    """
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return ConfigError(f"no such {what}. {hint}Known: {', '.join(sorted(known))}")
