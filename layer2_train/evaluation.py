"""A network against labelled patches."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.config import digest
from common.errors import ConfigError
from common.files import whole_file, write_text
from common.model_bundle import MANIFEST, read_bundle
from common.prediction import Predictor
from common.provenance import log_head, run_record
from common.run_folder import claim
from layer2_train.centres import by_centre
from layer2_train.content import content_sha256
from layer2_train.dataset import PatchDataset
from layer2_train.looks import LOOKS, looked, said
from layer2_train.metrics import metrics
from layer2_train.origins import origins
from layer2_train.pictures import draw_results
from layer2_train.ranks import Alone
from layer2_train.scoring import score
from layer2_train.splits import TEST, TRAIN, VALID
from layer2_train.staining import stains_of
from layer2_train.survey import survey
from layer2_train.thresholds import HALF, Chosen, choose, of_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Bundle
    from common.patch_file.reader import PatchFile
    from layer2_train.config import EvaluateSettings, TrainSettings
    from layer2_train.ranks import Ranks

METRICS: Final = "metrics.json"
PREDICTIONS: Final = "predictions.csv"
RUN: Final = "run.json"
ALL: Final = "all"
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Answers:
    """A network's answers to one dataset, and how good they are.

    Attributes
    ----------
    labels : (N,) int8
    scores : (N,) float32
        Probability of tumour.
    metrics : dict
        As in `metrics.json`.
    """

    labels: npt.NDArray[np.int8]
    scores: npt.NDArray[np.float32]
    metrics: dict[str, Any]

    @property
    def threshold(self) -> Chosen:
        """From which probability on a patch was called tumour."""
        return Chosen(self.metrics["threshold"], **self.metrics["threshold_choice"])


def answer(
    predictor: Predictor,
    dataset: PatchDataset,
    settings: TrainSettings | EvaluateSettings,
    what: str,
    *,
    threshold: Chosen | None = None,
    ranks: Ranks | None = None,
) -> Answers:
    """Ask `predictor` about every patch of `dataset`.

    Parameters
    ----------
    predictor : Predictor
    dataset : PatchDataset
    settings : TrainSettings or EvaluateSettings
    what : str
        Name of these patches, such as their split.
    threshold : Chosen or None
        None takes that of the settings; where it is a rule, it is chosen on these very patches.
    ranks : Ranks or None
        Who asks together; None is this process alone.
    """
    scores = score(predictor, dataset, what, ranks or Alone())
    if threshold is None:
        rule = HALF if settings.threshold is None else settings.threshold
        threshold = choose(rule, dataset.labels, scores, what)
    return judged(scores, dataset, threshold, replicates=settings.bootstrap)


def judged(
    scores: npt.NDArray[np.float32], dataset: PatchDataset, threshold: Chosen, *, replicates: int
) -> Answers:
    """How good `scores`, (N,) float32, are for the patches of `dataset`."""
    labels, of = dataset.labels, origins(dataset)
    asked = {"threshold": threshold.value, "replicates": replicates}
    found = {
        **metrics(labels, scores, of.groups, **asked),
        "threshold_choice": threshold.origin(),
        "intervals_over": of.over,
        "patients": of.patients,
        "slides": of.slides,
        "centres": by_centre(labels, scores, of, **asked),
    }
    return Answers(labels, scores, found)


def evaluate(
    model: Path,
    patches: Path | Sequence[Path],
    out: Path,
    settings: EvaluateSettings,
    *,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Measure a bundle on folders of patch files, and write what was found into `out`.

    Returns
    -------
    dict
        What `metrics.json` holds: ``all``; ``seen_in_training``, the slides that the model was
        trained or chosen on, or whose patient it was, whose results flatter it; and ``test_set``,
        how many of the slides it was tested on are among these, and how often anybody looked.

    Raises
    ------
    ContractError
        If the bundle breaks its contract, or patch files do or are not of its kind: then with
        every one of them.
    ConfigError
        If there are no labelled patches, or `out` holds results of another configuration, model
        or set of patches.
    """
    record = run_record("layer2-train evaluate", digest(settings))
    log.info("%s", log_head(digest(settings)))
    bundle = read_bundle(model)
    manifest = bundle.manifest
    files = survey(patches, manifest.spec, f"as in {bundle.path / MANIFEST}").opened()
    dataset = PatchDataset(files, stains=stains_of(files, manifest.preprocessing))
    if not len(dataset):
        raise ConfigError(
            f"--patches: expected patches labelled normal or tumor, found {dataset.unknown} "
            f"without a label in {len(dataset.files)} files. Give files of slides with annotations"
        )
    subject = {"model_sha256": bundle.model_sha256, "patches_sha256": _identity(dataset)}
    if not overwrite:
        _check_subject(out / RUN, subject)
    claim(out, settings, overwrite=overwrite)
    write_json(out / RUN, {**record, **subject, "n": len(dataset)})
    splits = _splits_of(bundle, dataset)
    predictor = Predictor(bundle.load_network(), manifest.preprocessing, settings.batch_size)
    answers = answer(predictor, dataset, settings, "evaluation", threshold=_given(settings, bundle))
    results = {
        ALL: answers.metrics,
        "seen_in_training": seen_in_training(splits),
        "test_set": _test_set(splits, bundle, digest({**subject, "settings": digest(settings)})),
    }
    _write_predictions(out / PREDICTIONS, dataset, answers.scores)
    draw_results({ALL: answers}, out)
    write_json(out / METRICS, results)
    return results


def seen_in_training(splits: Mapping[str, str]) -> list[dict[str, str]]:
    """Slides on which the model was trained or chosen; logged as a warning.

    Parameters
    ----------
    splits : mapping of str to str
        The split in which the model has seen a slide or its patient, by slide; empty if in none.
    """
    seen = [
        {"slide_id": slide_id, "split": split}
        for slide_id, split in sorted(splits.items())
        if split in (TRAIN, VALID)
    ]
    if seen:
        log.warning(
            "%d of %d slides, or their patients, were seen in training: results on them flatter "
            "the model (%s)",
            len(seen),
            len(splits),
            ", ".join(f"{one['slide_id']} in {one['split']}" for one in seen),
        )
    return seen


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write `values` as JSON, whole or not at all."""
    write_text(path, json.dumps(values, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def _identity(dataset: PatchDataset) -> str:
    """Hexadecimal SHA-256 of which slides there are, and which patches of each."""
    files = sorted(_identity_of(file) for file in dataset.files)
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _identity_of(file: PatchFile) -> tuple[str, ...]:
    header = file.header
    content = content_sha256(file)
    file.close()
    return header.slide_fingerprint, file.path.name, header.config_sha256, content


def _splits_of(bundle: Bundle, dataset: PatchDataset) -> dict[str, str]:
    """The split in which the model has seen each slide or its patient; empty if in none."""
    return {
        header.slide_id: bundle.manifest.split_of(header.slide_fingerprint, header.patient)
        for header in (file.header for file in dataset.files)
    }


def _given(settings: EvaluateSettings, bundle: Bundle) -> Chosen:
    """The threshold that is asked for, else the bundle's own."""
    if settings.threshold is None:
        return of_bundle(bundle.manifest)
    return Chosen(settings.threshold)


def _test_set(splits: Mapping[str, str], bundle: Bundle, question: str) -> dict[str, int | None]:
    """How many slides of the model's test set are among these, and how often they were looked at.

    None where there are none, or the look could not be written down beside the bundle.
    """
    slides = sum(split == TEST for split in splits.values())
    if not slides:
        return {"slides": 0, "looks": None}
    looks = looked(bundle.path.parent / LOOKS, "evaluate", question)
    log.warning(
        "%d of %d slides are of the test set that the model was measured on when it was trained; "
        "%s. Whoever chooses by these results needs new slides to test on",
        slides,
        len(splits),
        said(looks),
    )
    return {"slides": slides, "looks": looks}


def _check_subject(path: Path, subject: dict[str, str]) -> None:
    """Refuse to replace the results of another model, or on other patches."""
    if not path.exists():
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, found {error}. Give --overwrite") from error
    changed = [name for name, value in subject.items() if before.get(name) != value]
    if changed:
        raise ConfigError(
            f"{path}: expected results of this model on these patches, found another "
            f"{' and '.join(changed)}. Give another --out, or --overwrite to replace them"
        )


def _write_predictions(path: Path, dataset: PatchDataset, scores: npt.NDArray[np.float32]) -> None:
    """One line per patch: slide, place in level-0 px, label, probability of tumour."""
    files, rows = dataset.place(np.arange(len(dataset)))
    ends = np.searchsorted(files, np.arange(len(dataset.files) + 1))
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["slide_id", "x", "y", "label", "probability"])
        for file, start, end in zip(dataset.files, ends[:-1], ends[1:], strict=True):
            coords = file.coords[rows[start:end]].tolist()
            file.close()
            columns = zip(coords, dataset.labels[start:end], scores[start:end], strict=True)
            writer.writerows(
                [file.header.slide_id, x, y, int(label), f"{probability:.9g}"]
                for (x, y), label, probability in columns
            )
