"""What the commands of layer 1 say when they are done."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from common.cli import Result
from common.errors import ContractError
from common.outcomes import Outcome, exit_status, summary
from common.parts import parse_part
from common.patch_file.check import violations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.staging import Forecast


def of_run(
    outcomes: Sequence[Outcome], kept: int, out: Path, kind: Literal["slides", "files"] = "slides"
) -> Result:
    """The outcome of a run over slides, failures last; `kept` of them were finished before."""
    patches = sum(outcome.counts.get("kept", 0) for outcome in outcomes)
    text = f"{summary(outcomes, kept, kind)}\n{patches} patches in {out}"
    data = {
        "out": str(out),
        "patches": patches,
        "from_earlier_run": kept,
        kind: [asdict(outcome) for outcome in outcomes],
    }
    return Result(text, data, exit_status(outcomes))


def of_dry_run(names: Sequence[str], finished: set[str], copies: Forecast | None = None) -> Result:
    """What a run over these slides, or parts of slides, would do, and copy to scratch."""
    says = {name: "finished" if name in finished else "to do" for name in names}
    kind = "slides" if all(parse_part(name)[0] == name for name in names) else "parts"
    lines = [f"{len(says)} {kind}, {len(says) - len(finished)} to do"]
    lines += [f"  {said:9} {name}" for name, said in says.items()]
    data: dict[str, Any] = {"slides": says}
    if copies is not None:
        lines.append(copies.text("slides"))
        data["scratch"] = copies.data
    return Result("\n".join(lines), data)


def of_check(files: Sequence[Path], *, decode: bool) -> Result:
    """Every violation of every file; the status is 4 if there is one."""
    found = {str(path): _violations(path, decode=decode) for path in files}
    lines: list[str] = []
    for path, messages in found.items():
        lines += messages or [f"{path}: keeps the specification"]
    status = ContractError.exit_status if any(found.values()) else 0
    return Result("\n".join(lines), {"files": found}, status)


def _violations(path: Path, *, decode: bool) -> list[str]:
    return [str(violation) for violation in violations(path, decode=decode)]
