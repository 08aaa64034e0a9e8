"""Patches that several methods explain, to compare what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from layer3_infer.report.explained import ExplainedPatch, ExplainedPatches


@dataclass(frozen=True)
class SideBySide:
    """The patches of one slide that two methods or more explain.

    Attributes
    ----------
    methods : sequence of str
        As people call them.
    rows : sequence of mapping of str to ExplainedPatch
        A patch by method; one method may have none.
    """

    methods: Sequence[str] = ()
    rows: Sequence[Mapping[str, ExplainedPatch]] = ()

    @classmethod
    def of(cls, found: Iterable[ExplainedPatches]) -> SideBySide:
        """In the order the first method has them; without explanations of another model.

        A patch that has no place is known by its pixels.
        """
        together: dict[tuple[int, int, str], dict[str, ExplainedPatch]] = {}
        for method in found:
            for one in () if method.other_model else method.patches:
                key = (one.x, one.y, one.patch.address)
                together.setdefault(key, {})[method.method] = one
        rows = [row for row in together.values() if len(row) > 1]
        return cls(list(dict.fromkeys(name for row in rows for name in row)), rows)
