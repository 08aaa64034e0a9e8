"""What slides, patients and centres are called on the pages: their names, or pseudonyms."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

KINDS: Final = ("slide", "patient", "centre")
_COLUMNS: Final = ("kind", "pseudonym", "name")
_WITHHELD: Final = "(withheld: it names a file)"
_LEAST_SEEN: Final = 3
"""Letters from which on a name is told apart from a part of any other word."""

_FILE_AT_START: Final = re.compile(r"^[^\n]*?[/\\][^\n:]*: |^\S+\.[A-Za-z]\w{1,9}: ")
_UNITS: Final = re.compile(r"\b(um|px|µm|mm)/(um|px|µm|mm)\b|\b\d+/\d+\b")


class Named(Protocol):
    """What names are taken from: a result of a slide."""

    @property
    def slide_id(self) -> str: ...  # noqa: D102

    @property
    def patient(self) -> str: ...  # noqa: D102

    @property
    def centre(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Names:
    """How things are called.

    Attributes
    ----------
    pseudonyms : mapping of str to mapping of str to str
        By kind, then by name; empty where names are shown as they are.
    """

    pseudonyms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def anonymous(
        cls,
        results: Iterable[Named],
        others: Iterable[str] = (),
        key: Path | None = None,
        patients: Iterable[str] = (),
    ) -> Names:
        """Pseudonyms such as ``slide 1``, numbered by name.

        Parameters
        ----------
        results : iterable of Named
        others : iterable of str
            Ids of slides without a result.
        key : Path or None
            A key of earlier pseudonyms: who is in it keeps them.
        patients : iterable of str
            Without a result.
        """
        rows = list(results)
        names = {
            "slide": {*(row.slide_id for row in rows), *others},
            "patient": {*(row.patient for row in rows), *patients},
            "centre": {row.centre for row in rows},
        }
        given = _read_key(key) if key is not None and key.exists() else {}
        return cls({kind: _numbered(kind, names[kind], given.get(kind, {})) for kind in KINDS})

    @property
    def hidden(self) -> bool:
        """Whether names are replaced."""
        return bool(self.pseudonyms)

    def of(self, kind: str, name: str) -> str:
        """What something is called; nothing stays nothing."""
        return self.pseudonyms[kind][name] if self.hidden and name else name

    def page(self, slide_id: str) -> str:
        """The file name of a slide's page."""
        return f"{self.of('slide', slide_id).replace(' ', '-') if self.hidden else slide_id}.html"

    def text(self, text: str) -> str:
        """A text without the names, and without the files it may open with.

        A name is one whatever its case, and however its letters are composed: a file system may
        give ``ü`` as two characters where a table has one. A text that names files elsewhere, or
        still holds a name, is withheld.
        """
        if not self.hidden or not text:
            return text
        said = _FILE_AT_START.sub("(file): ", _composed(text))
        said = self._known.sub(self._pseudonym, said)
        apart = _UNITS.sub("", said.replace("(file): ", ""))
        inside = _folded(said)
        if "/" in apart or "\\" in apart or any(name in inside for name in self._told_apart):
            return _WITHHELD
        return said

    def told(self, row: Mapping[str, str]) -> dict[str, str]:
        """The cells of a table of ours, by column, each as a text."""
        return {column: self.text(cell) for column, cell in row.items()}

    def values(self, value: Any) -> Any:
        """The same in every text, key and list inside `value`."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.values(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.values(inner) for inner in value]
        return value

    def as_csv(self) -> str:
        """The key: who is behind each pseudonym."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for kind, known in self.pseudonyms.items():
            writer.writerows((kind, pseudonym, name) for name, pseudonym in known.items())
        return text.getvalue()

    def _pseudonym(self, found: re.Match[str]) -> str:
        """What stands for a name in a text; the name as it is spelt goes before others' case."""
        exact = self._replaced.get(found[0])
        return exact or self._replaced_folded.get(_folded(found[0])) or found[0]

    @cached_property
    def _replaced(self) -> dict[str, str]:
        """Longest first, so that no name is taken for another's beginning. Slides win."""
        every = {
            _composed(name): pseudonym
            for kind in reversed(KINDS)
            for name, pseudonym in self.pseudonyms[kind].items()
        }
        return dict(sorted(every.items(), key=lambda one: (-len(one[0]), one[0])))

    @cached_property
    def _replaced_folded(self) -> dict[str, str]:
        return {_folded(name): pseudonym for name, pseudonym in self._replaced.items()}

    @cached_property
    def _told_apart(self) -> list[str]:
        """What must not be left in a text, whatever its case."""
        return [_folded(name) for name in self._replaced if len(name) >= _LEAST_SEEN]

    @cached_property
    def _known(self) -> re.Pattern[str]:
        # a centre called 1 or a patient called 2 is no word that can be told from a number
        words = [name for name in self._replaced if not name.isdigit()]
        if not words:
            return re.compile(r"(?!)")
        every = "|".join(map(re.escape, words))
        return re.compile(rf"(?<!\w)(?:{every})(?!\w)", re.IGNORECASE)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _folded(text: str) -> str:
    """A text as it is compared: the same for any case, composition and width of its letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


def _numbered(kind: str, names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """A pseudonym for each name and for those of the key; numbers are never given twice."""
    known = dict(given)
    taken = {int(found) for one in known.values() if (found := one.rpartition(" ")[2]).isdigit()}
    number = max(taken, default=0)
    for name in sorted(names):
        if name and name not in known:
            number += 1
            known[name] = f"{kind} {number}"
    return known


def _read_key(path: Path) -> dict[str, dict[str, str]]:
    """Earlier pseudonyms by kind and name."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(f"{path}: expected a key, found: {error}. Give another --key") from error
    if not rows or tuple(rows[0]) != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
        raise ConfigError(
            f"{path}: expected a key with the columns {', '.join(_COLUMNS)}, found something else. "
            "Give another --key"
        )
    found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for kind, pseudonym, name in rows[1:]:
        found.setdefault(kind, {})[name] = pseudonym
    return found
