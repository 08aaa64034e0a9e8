"""A network against labelled patches."""

from __future__ import annotations

import csv
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
from common.provenance import run_record
from common.run_folder import claim, refuse_other
from layer2_train.centres import by_centre
from layer2_train.dataset import PatchDataset
from layer2_train.duplicates import duplicates, with_twins
from layer2_train.duplicates import said as said_of_copies
from layer2_train.looks import LOOKS, looked, said
from layer2_train.metrics import metrics
from layer2_train.origins import origins
from layer2_train.pictures import PICTURES, draw_results
from layer2_train.ranks import Alone
from layer2_train.scoring import score
from layer2_train.splits import TEST, TRAIN, VALID
from layer2_train.staining import stains_of
from layer2_train.subject import RUN as RUN
from layer2_train.subject import refuse_other_subject, subject
from layer2_train.survey import survey
from layer2_train.thresholds import HALF, Chosen, choose, of_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Bundle
    from layer2_train.config import EvaluateSettings, TrainSettings
    from layer2_train.ranks import Ranks
    from layer2_train.survey import Survey

METRICS: Final = "metrics.json"
PREDICTIONS: Final = "predictions.csv"
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
        If there are no labelled patches, a file is there twice, or `out` holds results of another
        configuration, model or set of patches.
    """
    bundle = read_bundle(model)
    manifest = bundle.manifest
    found = survey(patches, manifest.spec, f"as in {bundle.path / MANIFEST}")
    files = found.opened()
    _refuse_copies(found)
    dataset = PatchDataset(files, stains=stains_of(files, manifest.preprocessing))
    if not len(dataset):
        raise ConfigError(
            f"--patches: expected patches labelled normal or tumor, found {dataset.unknown} "
            f"without a label in {len(dataset.files)} files. Give files of slides with annotations"
        )
    predictor = Predictor(bundle.load_network(), manifest.preprocessing, settings.batch_size)
    own = subject(bundle.model_sha256, found.sources)
    _begin(out, settings, {**own, "n": len(dataset)}, overwrite=overwrite)
    splits = _splits_of(bundle, dataset)
    threshold = _given(settings, bundle)
    answers = answer(predictor, dataset, settings, "evaluation", threshold=threshold)
    results = {
        ALL: answers.metrics,
        "seen_in_training": seen_in_training(splits),
        "test_set": _test_set(splits, bundle, digest({**own, "threshold": threshold.value})),
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


def _refuse_copies(found: Survey) -> None:
    """Refuse files of one slide that hold the same patches, which would count twice.

    Equal patches under names of several slides may be meant, and are warned of.
    """
    sets = duplicates(with_twins(found.sources, [one.path for one in found.files]))
    copies = [same for same in sets if len({s.fingerprint for s in same}) < len(same)]
    if copies:
        raise ConfigError(
            "--patches: expected all patches once, found copies, which would count twice: "
            f"{'; '.join(map(said_of_copies, copies))}. Leave all but one of each out"
        )
    for same in sets:
        log.warning("%s; leave all but one out, or they count twice", said_of_copies(same))


def _begin(
    out: Path, settings: EvaluateSettings, about: dict[str, Any], *, overwrite: bool
) -> None:
    """Make `out` this measurement's; results of before go first, so that none stand beside it."""
    if not overwrite:
        own = {name: value for name, value in about.items() if name != "n"}
        refuse_other_subject(out, own, "results of this model on these patches")
        refuse_other(out, settings)
    for name in (METRICS, PREDICTIONS, *PICTURES):
        (out / name).unlink(missing_ok=True)
    claim(out, settings, overwrite=overwrite)
    write_json(out / RUN, {**run_record("layer2-train evaluate", digest(settings)), **about})


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
    test_slides = bundle.manifest.slides.get(TEST, [])
    looks = looked(bundle.path.parent / LOOKS, "evaluate", question, test_slides)
    log.warning(
        "%d of %d slides are of the test set that the model was measured on when it was trained; "
        "%s. Whoever chooses by these results needs new slides to test on",
        slides,
        len(splits),
        said(looks),
    )
    return {"slides": slides, "looks": looks}


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
