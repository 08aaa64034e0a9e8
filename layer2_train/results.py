"""What a training ends with: its metrics, pictures, and the model bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from common.model_bundle import Bundle, Manifest, SeenPatients, write_bundle
from common.prediction import Predictor
from common.provenance import software
from layer2_train.anonymity import without_names
from layer2_train.curves import draw_history
from layer2_train.evaluation import METRICS, RUN, answer, write_json
from layer2_train.history import best
from layer2_train.model_card import Facts, model_card
from layer2_train.pictures import draw_results
from layer2_train.splits import SPLITS, TEST, VALID
from layer2_train.subject import BUNDLE as BUNDLE

if TYPE_CHECKING:
    from pathlib import Path

    from common.preprocessing import Preprocessing
    from layer2_train.config import TrainSettings
    from layer2_train.dataset import PatchDataset
    from layer2_train.evaluation import Answers
    from layer2_train.plan import Plan
    from layer2_train.ranks import Ranks
    from layer2_train.training import Trained

CURVES: Final = "curves.png"


@dataclass(frozen=True, eq=False)
class Outcome:
    """A training that is over, and how good it is.

    Attributes
    ----------
    settings : TrainSettings
    plan : Plan
    preprocessing : Preprocessing
    trained : Trained
    answers : dict of split to Answers
        Of the splits that were set aside.
    """

    settings: TrainSettings
    plan: Plan
    preprocessing: Preprocessing
    trained: Trained
    answers: dict[str, Answers]

    @property
    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds."""
        return {split: own.metrics for split, own in self.answers.items()}


def measured(
    trained: Trained,
    preprocessing: Preprocessing,
    datasets: dict[str, PatchDataset],
    settings: TrainSettings,
    ranks: Ranks,
) -> dict[str, Answers]:
    """The network's answers to validation and test patches, in this order.

    A threshold that is to be chosen is chosen on the validation patches; the test patches are
    looked at once, with all choices made. Every rank calls it.
    """
    predictor = Predictor(trained.network, preprocessing, settings.batch_size)
    answers: dict[str, Answers] = {}
    for split in (VALID, TEST):
        if split in datasets:
            chosen = answers[VALID].threshold if VALID in answers else None
            answers[split] = answer(
                predictor, datasets[split], settings, split, threshold=chosen, ranks=ranks
            )
    return answers


def write_results(outcome: Outcome, out: Path, record: dict[str, Any]) -> list[Path]:
    """Write the results into `out`; the bundle last, as it says that all is there.

    Returns
    -------
    list of Path
        Metrics and pictures.
    """
    history = outcome.trained.history
    draw_history(history, out / CURVES)
    pictures = draw_results(outcome.answers, out)
    write_json(out / METRICS, outcome.metrics)
    kept = best(history).epoch
    start = outcome.trained.start
    weights = {"source": start.source, "sha256": start.sha256, "random_layers": start.random}
    told = {"weights": weights, "epochs": len(history), "best_epoch": kept}
    write_json(out / RUN, {**record, **told})
    _write_bundle(outcome, out / BUNDLE, record["ranks"])
    return [out / METRICS, out / CURVES, *pictures]


def _write_bundle(outcome: Outcome, path: Path, ranks: int) -> Bundle:
    plan, trained = outcome.plan, outcome.trained
    spec = plan.files[0].header.spec
    sources = {split: plan.sources_of(split) for split in SPLITS}
    config = without_names(outcome.settings)
    manifest = Manifest(
        architecture=outcome.settings.network.name,
        patch_size=spec.size,
        patch_mpp=spec.mpp,
        preprocessing=outcome.preprocessing,
        cam_layer=trained.cam_layer,
        slides={split: sorted({s.fingerprint for s in own}) for split, own in sources.items()},
        patients=SeenPatients.of(
            {split: [s.patient for s in own] for split, own in sources.items()}
        ),
        config=config,
        metrics=outcome.metrics,
        software=software(),
    )
    resolved = yaml.safe_dump(config, sort_keys=False)
    card = model_card(Facts(manifest, plan.counts(), trained.history, resolved, ranks))
    return write_bundle(path, manifest, trained.network.save, card)
