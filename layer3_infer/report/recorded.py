"""What a folder of results records beside the slides' own files."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from common.errors import ConfigError
from common.run_folder import RESOLVED
from layer3_infer.prediction_record import misfit
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import MADE_WITH, SlideResult, read_results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Recorded:
    """One folder.

    Attributes
    ----------
    folder : ResultsFolder
    results : sequence of SlideResult
    run, model, config, evaluation : mapping
        Empty where nothing is recorded.
    missing : sequence of str
        Slides of the cohort without a result.
    predictions : mapping of str to mapping of str to str
        What a slide model says, by slide; see ``slide_predictions.csv``.
    predictions_problem : str
        Why these are ignored, where they are.
    """

    folder: ResultsFolder
    results: Sequence[SlideResult]
    run: Mapping[str, Any]
    model: Mapping[str, Any]
    config: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    missing: Sequence[str]
    predictions: Mapping[str, Mapping[str, str]]
    predictions_problem: str = ""

    @property
    def evaluation_is_of_this_model(self) -> bool:
        """Whether the comparison with annotations is of these heatmaps."""
        there, run = self.evaluation, self.run
        return all(key in there and there[key] == run.get(key) for key in MADE_WITH)

    @property
    def other_slides(self) -> set[str]:
        """Slides without a result that are named all the same."""
        there = self.evaluation
        listed = ("without_heatmap", "without_answer", "trained_on", "left_out")
        named = {str(one) for key in listed for one in there.get(key) or ()}
        parts = [part for part in there.values() if isinstance(part, dict)]
        named |= {slide for part in parts for slide in part.get("by_slide") or ()}
        return {*named, *self.missing, *self.predictions}

    @property
    def staged(self) -> Mapping[str, Mapping[str, Any]]:
        """What is known and said of each patient's stage."""
        return (self.evaluation.get("stages") or {}).get("by_patient") or {}

    @classmethod
    def of(cls, path: Path) -> Recorded:
        """What lies in the folder at `path`.

        Raises
        ------
        ConfigError
            If there are no results.
        """
        results = read_results(path)
        if not results:
            raise ConfigError(
                f"{path}: expected results of layer3-infer heatmap, found none. Run it first"
            )
        folder, run = ResultsFolder(path), read_run(path)
        problem = misfit(folder, run, results)
        return cls(
            folder,
            results,
            run,
            read_json(folder.model),
            _config(path),
            read_json(folder.evaluation),
            sorted(set(run.get("slides", ())) - {result.slide_id for result in results}),
            {} if problem else _predictions(folder.slide_predictions),
            problem,
        )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no file.

    Raises
    ------
    ConfigError
        If it is no JSON.
    """
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, found: {error}. Run the command anew") from error
    return values if isinstance(values, dict) else {}


def read_table(path: Path) -> list[list[str]]:
    """The rows of a CSV file, the head first; empty where there is no file.

    Raises
    ------
    ConfigError
        If it is no CSV.
    """
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [row for row in csv.reader(stream) if row]
    except (ValueError, csv.Error) as error:
        raise ConfigError(f"{path}: expected CSV, found: {error}. Run the command anew") from error


def _predictions(path: Path) -> dict[str, dict[str, str]]:
    head, *rows = read_table(path) or [[]]
    found = (dict(zip(head, row, strict=False)) for row in rows)
    return {row["slide_id"]: row for row in found if "slide_id" in row}


def _config(folder: Path) -> dict[str, Any]:
    """The dotted keys and values of the resolved settings."""
    path = folder / RESOLVED
    return _flat(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        inner = _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else None
        flat |= {f"{prefix}{key}": value} if inner is None else inner
    return flat
