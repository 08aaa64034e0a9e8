"""This software and the libraries it asks for, against what is installed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Final

from common.amounts import counted
from common.doctor.finding import failed, ok, warning
from common.provenance import software

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from common.doctor.finding import Finding

_PARTS: Final = re.compile(
    r"""(?P<name>[\w.-]+)(\[[^]]*\])?\s*\(?(?P<versions>[^;)]*)\)?\s*
        (;.*?extra\s*==\s*['"](?P<extra>[^'"]+)['"])?""",
    re.VERBOSE,
)
_COMPARED: Final = re.compile(r"(>=|<=|==|!=|<|>|~=)\s*([\d.]+)")
INSTEAD: Final = {
    "tensorflow-cpu": ("tensorflow", "jax", "torch"),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python-headless"),
    "openslide-bin": ("openslide-python",),  # with a library of the system, which tells its age
}
"""What does as well."""


@dataclass(frozen=True)
class Wanted:
    """A library this software asks for: its name, versions such as ``>=3,<4``, and the extra."""

    name: str
    versions: str = ""
    extra: str = ""

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """Read a requirement as installed metadata spell it.

        Examples
        --------
        >>> Wanted.parse('keras>=3.10; extra == "train"')
        Wanted(name='keras', versions='>=3.10', extra='train')
        """
        parts = _PARTS.match(text)
        if parts is None:
            raise ValueError(f"{text!r} is no requirement")
        return cls(parts["name"], parts["versions"].replace(" ", ""), parts["extra"] or "")

    def takes(self, found: str) -> bool:
        """Whether version `found` is one of those asked for; unknown comparisons are passed.

        Examples
        --------
        >>> wanted = Wanted("scipy", ">=1.9,<2")
        >>> wanted.takes("1.10.2"), wanted.takes("2.0"), wanted.takes("1.8")
        (True, False, False)
        """
        own = _numbers(found)
        return all(_compared(own, sign, _numbers(other)) for sign, other in self._comparisons())

    def _comparisons(self) -> list[tuple[str, str]]:
        return _COMPARED.findall(self.versions)


def look(extra: str) -> list[Finding]:
    """This software, and the libraries it needs here.

    Parameters
    ----------
    extra : str
        Of this software that belongs to the layer.
    """
    try:
        asked = [Wanted.parse(text) for text in requires("camnet") or []]
    except PackageNotFoundError:
        said = f"{software()}, run from its folder: which libraries it asks for is not known"
        return [warning("camnet", said, f"pip install '.[{extra}]' in its folder")]
    wanted = [library for library in asked if library.extra in {"", extra}]
    return [ok("camnet", software()), *compared(wanted, extra, installed)]


def installed(name: str) -> str:
    """The version of a library that is installed; empty where it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def compared(wanted: Iterable[Wanted], extra: str, found: Callable[[str], str]) -> list[Finding]:
    """Libraries against those asked for: one line of all that fit, and one of each other.

    Parameters
    ----------
    wanted : iterable of Wanted
    extra : str
        That brings those which are missing.
    found : callable
        The version of a library by its name; empty where there is none.
    """
    fit, others = [], []
    for library in wanted:
        names = (library.name, *INSTEAD.get(library.name, ()))
        name, own = next(((n, found(n)) for n in names if found(n)), ("", ""))
        if not own:
            others.append(_missing(library, extra))
        elif name == library.name and not library.takes(own):
            others.append(_unfit(library, own))
        else:
            fit.append(f"{name} {own}")
    names = list(dict.fromkeys(fit))
    said = f"{counted(len(names), 'library')} as asked for: {', '.join(names)}"
    return [ok("libraries", said), *others]


def _missing(library: Wanted, extra: str) -> Finding:
    said = f"{library.name}{library.versions} is missing"
    return failed("libraries", said, f"pip install 'camnet[{library.extra or extra}]'")


def _unfit(library: Wanted, own: str) -> Finding:
    said = f"{library.name} {own} is installed, {library.versions} is asked for"
    return failed("libraries", said, f"pip install '{library.name}{library.versions}'")


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
