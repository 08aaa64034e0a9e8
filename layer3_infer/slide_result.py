"""What a run has to say about one slide, in its outcome file and in ``slides.csv``."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from common.errors import ContractError
from common.outcomes import FOLDER, Outcome, read_outcome
from layer3_infer.heatmap_file import TRAINING_SPLITS
from layer3_infer.slide_score import SlideScores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from common.cohort import SlideEntry

NOTHING: Final = SlideScores(analysed=0)
MADE_WITH: Final = ("model_sha256", "config_sha256", "preprocessing_sha256", "threshold")
"""What tells results of two models or configurations apart, in `run.json` and elsewhere."""

OTHERS: Final = "made with another model or configuration; run heatmap again"
"""Said of a result that `SlideResult.made_by` does not hold for."""

SCORES: Final = tuple(field.name for field in fields(SlideScores))


@dataclass(frozen=True)
class SlideResult(Outcome):
    """How one slide ended, and what the model says of it.

    Attributes
    ----------
    patient, node, centre : str
        Empty where unknown.
    scores : SlideScores
    seen_in_split : str
        Where the model has met this slide or its patient; empty if nowhere.
    mpp, mpp_source : float um/px or None, str
        Scale of level 0, and who says it.
    warnings : tuple of str
        What a reader of the result must know.
    """

    patient: str = ""
    node: str = ""
    centre: str = ""
    scores: SlideScores = NOTHING
    seen_in_split: str = ""
    mpp: float | None = None
    mpp_source: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def trained_on(self) -> bool:
        """Whether the model was fitted to, or chosen on, this slide or its patient."""
        return self.seen_in_split in TRAINING_SPLITS

    def made_by(self, run: Mapping[str, Any]) -> bool:
        """Whether the model and the configuration of a run made this result.

        Parameters
        ----------
        run : mapping
            The record of the run, as ``run.json`` holds it.
        """
        return all(key in run and self.inputs.get(key) == str(run[key]) for key in MADE_WITH)

    @classmethod
    def of(cls, outcome: Outcome, entry: SlideEntry) -> SlideResult:
        """An outcome with nothing but the cohort's words about the slide."""
        if isinstance(outcome, cls):
            return outcome
        known = {name: getattr(entry, name) for name in ("patient", "node", "centre")}
        return cls(**{f.name: getattr(outcome, f.name) for f in fields(outcome)}, **known)


def read_result(folder: Path, slide_id: str) -> SlideResult | None:
    """The result recorded for a slide, or None where there is none yet.

    Raises
    ------
    ContractError
        If the file is there and is not an outcome of this layer.
    """
    outcome = read_outcome(folder, slide_id)
    if outcome is None:
        return None
    path = folder / FOLDER / f"{slide_id}.json"
    try:
        values = {**asdict(outcome), **json.loads(path.read_text(encoding="utf-8"))}
        known = {field.name: values[field.name] for field in fields(SlideResult)}
        known["scores"] = SlideScores(**known["scores"])
        return SlideResult(**{**known, "warnings": tuple(known["warnings"])})
    except KeyError as error:
        found = f"one without {error}"
        advice = "Give a folder that layer3-infer heatmap wrote"
        raise ContractError(path, "outcome", "one of layer 3", found, advice) from error
    except (ValueError, TypeError) as error:
        raise ContractError(path, "outcome", "one of layer 3", str(error)) from error


def read_results(folder: Path) -> list[SlideResult]:
    """Every result recorded in `folder`, by slide."""
    paths = sorted((folder / FOLDER).glob("[!.]*.json"))
    found = (read_result(folder, path.stem) for path in paths)
    return [result for result in found if result is not None]


def as_csv(results: Iterable[SlideResult]) -> str:
    """One row per slide; an empty cell is not known."""
    first = ("slide_id", "patient", "node", "centre", "status", "reason", *SCORES)
    last = ("seen_in_split", "mpp", "mpp_source", "warnings", "seconds")
    text = io.StringIO()
    writer = csv.DictWriter(text, (*first, *last), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(result) for result in results)
    return text.getvalue()


def _row(result: SlideResult) -> dict[str, Any]:
    values = {**asdict(result), **asdict(result.scores), "warnings": "; ".join(result.warnings)}
    return {name: "" if value is None else value for name, value in values.items()}
