"""Whether what is to be read can be, asked in a process of its own: a file system may hang."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from common.doctor import reading
from common.doctor.child import told_by, words_of
from common.doctor.container import container
from common.doctor.finding import Finding, failed, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from common.doctor.child import Told
    from common.doctor.host import Host

_PROGRAM: Final = words_of(reading.__name__)
_PATIENCE_S: Final = 60.0


def look(
    host: Host,
    name: str,
    given: Sequence[Path],
    point: str,
    *,
    program: Sequence[str] = _PROGRAM,
    seconds: float = _PATIENCE_S,
) -> list[Finding]:
    """Files, folders and cohort CSVs, each with all that it leads to.

    Parameters
    ----------
    host : Host
    name : {"slides", "patches", "model"}
        What they are. Something of this kind must be in each that is given.
    given : sequence of Path
    point : str
        Where a container expects them, which is looked at where nothing was given; what is wrong
        there need not stop the work.
    program : sequence of str
        That looks.
    seconds : float
        It may take for each.
    """

    def asked(path: Path, bad: Callable[[str, str, str], Finding]) -> list[Finding]:
        question = {
            "name": name,
            "path": str(path),
            "given": bool(given),
            "container": container(host),
            "root": str(host.root),
        }
        return _findings(name, path, told_by([*program, json.dumps(question)], seconds), bad)

    if given:
        return [finding for path in given for finding in asked(path, failed)]
    return asked(host.path(point), warning) if container(host) else []


def _findings(
    name: str, path: Path, told: Told, bad: Callable[[str, str, str], Finding]
) -> list[Finding]:
    """What was found, and that it is not all where the program came to no end."""
    lines: list[dict[str, Any]] = [told.steps[step] for step in told.steps if step != reading.THERE]
    found = [Finding(**line["finding"]) for line in lines]
    if not told.end:
        return found
    if not told.timed_out:
        advice = "see where it comes from with --log-level debug, or read it with a verb"
        return [*found, bad(name, f"{path} could not be looked at: {told.end}", advice)]
    if reading.THERE not in told.steps:
        return [bad(name, f"{path} does not answer: {told.end}", "is its server there?")]
    said = f"{path} was not looked at whole: {told.end}"
    return [*found, warning(name, said, "there are many files, or its server is slow")]
