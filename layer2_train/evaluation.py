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
from common.errors import ConfigError, ContractError
from common.files import whole_file, write_text
from common.model_bundle import MANIFEST, read_bundle
from common.patch_file.reader import find_patch_files
from common.prediction import Predictor
from common.provenance import log_head, run_record
from common.run_folder import claim
from layer2_train.content import content_sha256
from layer2_train.curves import draw_roc
from layer2_train.dataset import PatchDataset
from layer2_train.metrics import metrics
from layer2_train.scoring import score
from layer2_train.splits import TRAIN, VALID

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Bundle
    from common.patch_file.reader import PatchFile
    from layer2_train.config import EvaluateSettings, TrainSettings

METRICS: Final = "metrics.json"
ROC: Final = "roc.png"
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


def answer(
    predictor: Predictor,
    dataset: PatchDataset,
    settings: TrainSettings | EvaluateSettings,
    what: str,
) -> Answers:
    """Ask `predictor` about every patch of `dataset`."""
    scores = score(predictor, dataset, what)
    groups, kind = clusters(dataset)
    found = metrics(
        dataset.labels,
        scores,
        groups,
        threshold=settings.threshold,
        replicates=settings.bootstrap,
    )
    return Answers(dataset.labels, scores, {**found, "intervals_over": kind})


def clusters(dataset: PatchDataset) -> tuple[npt.NDArray[np.int64], str]:
    """Which patches depend on one another, (N,) int64, and what unites them.

    Patches of one patient; where the patient is not known, of one slide. Of imported patches with
    neither patient nor place nothing is known, and each is taken for itself.

    Returns
    -------
    groups : (N,) int64
    kind : str
        ``patients``, ``slides``, ``patches``, or several of them joined by ``and``.
    """
    files, _ = dataset.place(np.arange(len(dataset)))
    names: dict[tuple[str, str], int] = {}
    kinds = []
    groups = np.arange(len(dataset), dtype=np.int64)  # a patch for itself, unless told otherwise
    for number, file in enumerate(dataset.files):
        header = file.header
        if not header.patient and not header.placed:
            kinds.append("patches")
            continue
        kinds.append("patients" if header.patient else "slides")
        name = (kinds[-1], header.patient or header.slide_id)
        groups[files == number] = -1 - names.setdefault(name, len(names))
    return groups, " and ".join(dict.fromkeys(kinds))


def evaluate(
    model: Path, patches: Path, out: Path, settings: EvaluateSettings, *, overwrite: bool = False
) -> dict[str, Any]:
    """Measure a bundle on a folder of patch files, and write what was found into `out`.

    Returns
    -------
    dict
        What `metrics.json` holds: ``all``, and ``seen_in_training``, the slides that the model was
        trained or chosen on, or whose patient it was; their results flatter it.

    Raises
    ------
    ContractError
        If the bundle or a patch file breaks its contract, or the patches are not of its kind.
    ConfigError
        If there are no labelled patches, or `out` holds results of another configuration, model
        or set of patches.
    """
    record = run_record("layer2-train evaluate", digest(settings))
    log.info("%s", log_head(digest(settings)))
    bundle = read_bundle(model)
    dataset = PatchDataset(find_patch_files(patches))
    _check_kind(bundle, dataset)
    if not len(dataset):
        raise ConfigError(
            f"{patches}: expected patches labelled normal or tumor, found {dataset.unknown} "
            f"without a label in {len(dataset.files)} files. Give files of slides with annotations"
        )
    subject = {"model_sha256": bundle.model_sha256, "patches_sha256": _identity(dataset)}
    if not overwrite:
        _check_subject(out / RUN, subject)
    claim(out, settings, overwrite=overwrite)
    write_json(out / RUN, {**record, **subject, "n": len(dataset)})
    seen = seen_in_training(bundle, dataset)
    predictor = Predictor(bundle.load_network(), bundle.manifest.preprocessing, settings.batch_size)
    answers = answer(predictor, dataset, settings, "evaluation")
    results = {ALL: answers.metrics, "seen_in_training": seen}
    _write_predictions(out / PREDICTIONS, dataset, answers.scores)
    draw_roc({ALL: answers}, out / ROC)
    write_json(out / METRICS, results)
    return results


def seen_in_training(bundle: Bundle, dataset: PatchDataset) -> list[dict[str, str]]:
    """Slides, with their split, on which the model was trained or chosen; logged as a warning."""
    found = {
        header.slide_id: bundle.manifest.split_of(header.slide_fingerprint, header.patient)
        for header in (file.header for file in dataset.files)
    }
    seen = [
        {"slide_id": slide_id, "split": split}
        for slide_id, split in sorted(found.items())
        if split in (TRAIN, VALID)
    ]
    if seen:
        log.warning(
            "%d of %d slides, or their patients, were seen in training: results on them flatter "
            "the model (%s)",
            len(seen),
            len(found),
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


def _check_kind(bundle: Bundle, dataset: PatchDataset) -> None:
    if not dataset.spec.agrees(bundle.manifest.spec):
        own, asked = dataset.spec, bundle.manifest.spec
        raise ContractError(
            dataset.files[0].path,
            "patch_size, patch_mpp",
            f"{asked.size} px at {asked.mpp:g} um/px as in {bundle.path / MANIFEST}",
            f"{own.size} px at {own.mpp:g} um/px",
            "Extract patches of that size and scale",
        )


def _write_predictions(path: Path, dataset: PatchDataset, scores: npt.NDArray[np.float32]) -> None:
    """One line per patch: slide, place in level-0 px, label, probability of tumour."""
    files, rows = dataset.place(np.arange(len(dataset)))
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["slide_id", "x", "y", "label", "probability"])
        for number, file in enumerate(dataset.files):
            own = np.flatnonzero(files == number)
            coords = file.coords[rows[own]].tolist()
            file.close()
            columns = zip(coords, dataset.labels[own], scores[own], strict=True)
            writer.writerows(
                [file.header.slide_id, x, y, int(label), f"{probability:.9g}"]
                for (x, y), label, probability in columns
            )
