"""What was found about concepts, as a table and as JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from common.files import write_text
from layer3_infer.explain.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.explain.concepts import Concept

FORMAT: Final = "camnet-concepts"
FORMAT_VERSION: Final = "1.1"


@dataclass(frozen=True)
class ConceptsFolder:
    """Where the results of `layer3-infer concepts` lie.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def facts(self) -> Path:
        """Everything, for programs."""
        return self.path / "concepts.json"

    @property
    def table(self) -> Path:
        """A line per concept and layer."""
        return self.path / "concepts.csv"

    @property
    def picture(self) -> Path:
        """R2, TCAV and Br over the layers."""
        return self.path / "concepts.png"

    @property
    def words(self) -> Path:
        """What it says, in sentences."""
        return self.path / "concepts.txt"

    def measures(self, slide_id: str) -> Path:
        """Measures of one slide's patches."""
        return self.path / "measures" / f"{slide_id}.csv"


def write_table(path: Path, concepts: Sequence[Concept], findings: Sequence[Finding]) -> None:
    """Write one line per concept and layer: `Concept` and `Finding` under their fields' names.

    Empty where a number could not be had; of a concept that passes, ``sign`` says whether more of
    it speaks for tumour (+) or against it (-).
    """
    known = {concept.name: concept for concept in concepts}
    numbers = [field.name for field in fields(Finding)]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["concept", "layer", "kind", "unit", "mpp", "sign", *numbers[2:]])
    for finding in findings:
        concept, values = known[finding.concept], asdict(finding)
        place = [finding.concept, finding.layer, concept.kind, concept.unit]
        cells = [concept.mpp, sign(finding), *[values[name] for name in numbers[2:]]]
        writer.writerow([*place, *["" if cell is None else cell for cell in cells]])
    write_text(path, stream.getvalue())


def sign(finding: Finding) -> str:
    """Whether more of the concept speaks for tumour, + or -; empty where neither is known."""
    mean = finding.sensitivity_mean
    return "" if not mean else ("+" if mean > 0 else "-")


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """Write the JSON."""
    head = {"format": FORMAT, "format_version": FORMAT_VERSION}
    text = json.dumps(head | facts, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def read_facts(path: Path) -> dict[str, Any]:
    """What `write_facts` wrote; empty where there is nothing of this version."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    same = isinstance(facts, dict) and facts.get("format_version") == FORMAT_VERSION
    return facts if same and facts.get("format") == FORMAT else {}
