"""All that is wrong with the patch files of a command, in one error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnfitPatchesError(ContractError):
    """Patch files that cannot be used, or not together, each with what is wrong with it.

    Parameters
    ----------
    problems : sequence of ContractError
        At least one.

    Attributes
    ----------
    problems : tuple of ContractError
    """

    def __init__(self, problems: Sequence[ContractError]) -> None:
        first = problems[0]
        super().__init__(first.path, first.item, first.expected, first.found)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        """One line per problem, under their number where there are several."""
        lines = [str(problem) for problem in self.problems]
        if len(lines) == 1:
            return lines[0]
        head = f"{len(lines)} problems with the patch files; nothing was trained or written:"
        return "\n  ".join([head, *lines])
