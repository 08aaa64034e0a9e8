"""This software and the libraries it asks for, against what is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Final

from common.amounts import counted
from common.doctor.finding import failed, ok, warning
from common.doctor.requirement import Requirement
from common.provenance import software

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from common.doctor.finding import Finding

INSTEAD: Final = {
    "tensorflow-cpu": ("tensorflow", "jax", "torch"),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python-headless"),
    "openslide-bin": ("openslide-python",),  # with a library of the system, which tells its age
}
"""What does as well."""


def look(extra: str) -> list[Finding]:
    """This software, and the libraries it needs here.

    Parameters
    ----------
    extra : str
        Of this software that belongs to the layer.
    """
    try:
        asked = [Requirement.parse(text) for text in requires("camnet") or []]
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


def compared(
    wanted: Iterable[Requirement], extra: str, found: Callable[[str], str]
) -> list[Finding]:
    """Libraries against those asked for: one line of all that fit, and one of each other.

    Parameters
    ----------
    wanted : iterable of Requirement
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


def _missing(library: Requirement, extra: str) -> Finding:
    said = f"{library.name}{library.versions} is missing"
    return failed("libraries", said, f"pip install 'camnet[{library.extra or extra}]'")


def _unfit(library: Requirement, own: str) -> Finding:
    said = f"{library.name} {own} is installed, {library.versions} is asked for"
    return failed("libraries", said, f"pip install '{library.name}{library.versions}'")
