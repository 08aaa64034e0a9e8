"""A library this software asks for, and which of its versions serve."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PARTS: Final = re.compile(
    r"""(?P<name>[\w.-]+)(\[[^]]*\])?\s*\(?(?P<versions>[^;)]*)\)?\s*
        (;.*?extra\s*==\s*['"](?P<extra>[^'"]+)['"])?""",
    re.VERBOSE,
)
_COMPARED: Final = re.compile(r"(>=|<=|==|!=|<|>|~=)\s*([\d.]+)")


@dataclass(frozen=True)
class Requirement:
    """A library this software asks for: its name, versions such as ``>=3,<4``, and the extra."""

    name: str
    versions: str = ""
    extra: str = ""

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read a requirement as installed metadata spell it.

        Examples
        --------
        >>> Requirement.parse('keras>=3.10; extra == "train"')
        Requirement(name='keras', versions='>=3.10', extra='train')
        """
        parts = _PARTS.match(text)
        if parts is None:
            raise ValueError(f"{text!r} is no requirement")
        return cls(parts["name"], parts["versions"].replace(" ", ""), parts["extra"] or "")

    def takes(self, found: str) -> bool:
        """Whether version `found` is one of those asked for; unknown comparisons are passed.

        Examples
        --------
        >>> wanted = Requirement("scipy", ">=1.9,<2")
        >>> wanted.takes("1.10.2"), wanted.takes("2.0"), wanted.takes("1.8")
        (True, False, False)
        """
        own = _numbers(found)
        return all(_compared(own, sign, _numbers(other)) for sign, other in self._comparisons())

    def _comparisons(self) -> list[tuple[str, str]]:
        return _COMPARED.findall(self.versions)


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers a version begins with, without zeros at their end."""
    numbers = [int(part) for part in re.match(r"[\d.]*", text)[0].split(".") if part]  # type: ignore[index]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _compared(own: tuple[int, ...], sign: str, other: tuple[int, ...]) -> bool:
    answers = {
        ">=": own >= other,
        "<=": own <= other,
        "==": own == other,
        "!=": own != other,
        "<": own < other,
        ">": own > other,
    }
    return answers.get(sign, True)
