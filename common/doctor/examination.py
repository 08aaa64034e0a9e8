"""All checks of one program, one after another: one that breaks does not hide the others."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from common.amounts import counted
from common.doctor.finding import Finding, failed, worst
from common.errors import PipelineError
from common.stopping import stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_FAILED_STATUS: Final = 2
_PRIVATE: Final = (
    "Names of hosts, users and files are told as they are: look over them before you pass this on."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    """Something to look at: its name, and what looks."""

    name: str
    look: Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Examination:
    """What all checks found.

    Attributes
    ----------
    head : str
        Which program was examined, where and when.
    findings : sequence of Finding
    """

    head: str
    findings: Sequence[Finding]

    @property
    def exit_status(self) -> int:
        """0, or that of a wrong configuration where something will stop the work."""
        return _FAILED_STATUS if worst(self.findings) == "failed" else 0

    def text(self) -> str:
        """A line for each finding, with advice below those that are not well."""
        width = max((len(finding.name) for finding in self.findings), default=0)
        lines = [self.head]
        for finding in self.findings:
            lines.append(f"{finding.state:<7}  {finding.name:<{width}}  {finding.said}")
            if finding.advice:
                lines.append(f"{'':<7}  {'':<{width}}  -> {finding.advice}")
        return "\n".join([*lines, self._sum(), _PRIVATE])

    def data(self) -> dict[str, Any]:
        """The same for a script."""
        return {
            "examined": self.head,
            "state": worst(self.findings),
            "findings": [asdict(finding) for finding in self.findings],
        }

    def _sum(self) -> str:
        states = [finding.state for finding in self.findings]
        bad, odd = states.count("failed"), states.count("warning")
        if not bad and not odd:
            return "all is well"
        stops = "; what failed will stop the work" if bad else "; the work can go on"
        return f"{bad} failed, {counted(odd, 'warning')}{stops}"


def examine(head: str, checks: Iterable[Check]) -> Examination:
    """What `checks` find, in their order."""
    return Examination(head, [finding for check in checks for finding in _found(check)])


def _found(check: Check) -> list[Finding]:
    stop_if_asked()
    try:
        return list(check.look())
    except PipelineError as error:
        return [failed(check.name, str(error), "do as it says")]
    except ImportError as error:
        advice = "pip install --force-reinstall what it names, or take the image"
        return [failed(check.name, f"a library does not load: {error}", advice)]
    except Exception as error:
        log.debug("%s", check.name, exc_info=True)
        said = f"could not be looked at: {type(error).__name__}: {error}"
        return [failed(check.name, said, "see where it comes from with --log-level debug")]
