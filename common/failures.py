"""Slides that failed, where a command goes on with the others of their cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import ContractError, SlideError
from common.parts import parse_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from common.outcomes import Outcome


def slides_of(names: Iterable[str]) -> set[str]:
    """The slides that units of these names are, or are parts of."""
    return {parse_part(name)[0] for name in names}


def refuse_many_failed(
    folder: Path, failed: Mapping[str, str], slides: int, share: float, command: str
) -> None:
    """Let nothing be made of what is left of a cohort of which too much failed.

    Parameters
    ----------
    folder : Path
        Of the results.
    failed : mapping of str to str
        Why, by the names of slides and parts.
    slides : int
        Number of slides that should be there.
    share : float
        Of these that may have failed, 0 to 1; one always may.
    command : str
        That does them again.

    Raises
    ------
    ContractError
        Naming what failed.
    """
    number = len(slides_of(failed))
    if number <= max(1.0, share * slides):
        return
    lines = [f"{name} failed: {reason}" for name, reason in failed.items()]
    expected = f"at most {100 * share:g}% of {slides} slides to have failed (--max-failed)"
    found = "\n  ".join([f"{number} that did:", *lines])
    advice = (
        f"Mend them and run {command} again (slurm/submit.sh: --retry-failed), take them out of "
        "the cohort, or go on without them by a larger --max-failed"
    )
    raise ContractError(folder, "slides", expected, found, advice)


def status_without_failed(outcomes: Iterable[Outcome]) -> int:
    """What a command ends with that left slides out, whatever they failed of.

    Examples
    --------
    >>> from common.outcomes import Outcome
    >>> status_without_failed([Outcome("a", "done"), Outcome("b", "failed", exit_status=1)])
    3
    """
    return SlideError.exit_status if any(one.status == "failed" for one in outcomes) else 0
