"""How often the patches of a test set were looked at.

A test set answers one question once. Every further look, by which somebody may choose, makes its
answer a little too good; looks are therefore counted, beside the model they tell of. A test set is
the slides a model was tested on: models that were tested on the same ones share its looks.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOOKS: Final = "test_looks.csv"
_HEAD: Final = ("time", "command", "question", "test_set")
log = logging.getLogger(__name__)


def looked(path: Path, command: str, question: str, test_slides: Iterable[str]) -> int | None:
    """Write a look down, and tell how many there were, this one included.

    The same question asked again tells nothing new, and counts once. A training that begins anew
    in the same folder leaves the looks of those before it: the patients are the same.

    Parameters
    ----------
    path : Path
        The list of looks; one line is added to its end.
    command : str
        Who looked: ``train`` or ``evaluate``.
    question : str
        Hexadecimal SHA-256 of everything the answer depends on.
    test_slides : iterable of str
        Fingerprints of the slides of the test set, in any order; looks at others do not count.

    Returns
    -------
    int or None
        None where the look could not be written down, which is logged.
    """
    test_set = hashlib.sha256(json.dumps(sorted(set(test_slides))).encode()).hexdigest()
    try:
        before = _questions(path, test_set)
        if question not in before:
            _add(path, command, question, test_set)
    except OSError as error:
        log.warning("%s: a look at the test set could not be written down: %s", path, error)
        return None
    return len({*before, question})


def said(looks: int | None) -> str:
    """A number of looks in words.

    Examples
    --------
    >>> said(2)
    'this is look 2 at it'
    """
    return "how often is not known" if looks is None else f"this is look {looks} at it"


def _questions(path: Path, test_set: str) -> set[str]:
    if not path.exists():
        return set()
    lines = csv.reader(path.read_text(encoding="utf-8").splitlines())
    ends = [line[-2:] for line in lines if len(line) >= len(_HEAD)]  # what is torn comes before
    return {question for question, of in ends if of == test_set}


def _add(path: Path, *values: str) -> None:
    """Add a line in one write, so that two processes do not tear each other's."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    head = "" if path.exists() else ",".join(_HEAD) + "\n"
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{head}{','.join((now, *values))}\n")
