"""What became of a method's maps on networks with random weights, as ``explain`` recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from layer3_infer.report.recorded import read_json

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS: Final = "sanity.json"
"""See `layer3_infer.explain.sanity_check`, which is not imported: it loads networks."""


@dataclass(frozen=True)
class MethodCheck:
    """What was found of one method.

    Attributes
    ----------
    verdict : str
    passes : bool
    """

    verdict: str
    passes: bool


def method_check(folder: Path, method: str, model_sha256: str) -> MethodCheck | None:
    """What was found of a method in a folder of explanations.

    None where it was not tried, or with another model.

    Raises
    ------
    ConfigError
        If the file is no JSON.
    """
    record = read_json(folder / NUMBERS)
    if record.get("model_sha256") != model_sha256:
        return None
    for one in record.get("methods", ()):
        if one.get("method") == method:
            return MethodCheck(str(one.get("verdict", "")), one.get("passes") is True)
    return None
