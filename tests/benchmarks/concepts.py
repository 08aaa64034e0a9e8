"""Layer 3: how long concepts take, by 1,000 patches."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits
from timing import pairs, seconds

from common.model_bundle import Manifest, write_bundle
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer3_infer.config import ConceptsSettings
from layer3_infer.explain.assessment import assess
from layer3_infer.explain.concept_pipeline import ConceptInputs, find_concepts
from layer3_infer.explain.finding import Origins, Plan, Values
from layer3_infer.explain.gradients import Gradients
from layer3_infer.explain.layer_choice import default_layers
from layer3_infer.locations import find_by_slide

if TYPE_CHECKING:
    from pathlib import Path

SIZE: Final = 96
_BATCH: Final = 64
_COUNT: Final = 1000
_CONCEPTS: Final = 9
_LAYERS: Final = 5


def concept_rows(work: Path, rounds: int) -> list[list[str]]:
    """Activations and gradients; the regressions; and the command from patch files to words."""
    made = build(NetworkSettings(name="camnet_small"), SIZE)
    layers = default_layers(made.network.get_config(), made.cam_layer, _LAYERS)
    patches = np.random.default_rng(0).integers(0, 256, (_COUNT, SIZE, SIZE, 3), dtype=np.uint8)
    gradients = Gradients(made.network, Preprocessing(), layers, _BATCH)
    predictor = Predictor(made.network, Preprocessing(), _BATCH)
    mine, answers, ratio = pairs(lambda: gradients(patches), lambda: predictor(patches), rounds)
    views = gradients(patches)
    origins = Origins(np.arange(_COUNT) % 8, np.arange(_COUNT) % 8)
    rng = np.random.default_rng(0)
    concepts = [Values(str(number), rng.normal(size=_COUNT)) for number in range(_CONCEPTS)]
    plan = Plan()
    with threadpool_limits(1):
        regressions = median(
            seconds(lambda: assess(views, concepts, origins, plan)) for _ in range(rounds)
        )
    what = f"{_COUNT:,} patches of {SIZE} px, camnet_small, two cores"
    tests = f"{_CONCEPTS} concepts in {_LAYERS} layers, {plan.shuffles:,} shuffled copies of each"
    return [
        [
            f"activations and gradients at {_LAYERS} layers, {what}",
            f"{mine:.1f} s",
            f"the answers alone, {answers:.1f} s",
            f"{ratio:.2f}",
        ],
        [f"concept vectors of {_COUNT:,} patches: {tests}", f"{regressions:.1f} s", "", ""],
        _command_row(made, work, what),
    ]


def _command_row(made: object, work: Path, what: str) -> list[str]:
    """The command as a user has it, on a phantom; seconds by 1,000 patches."""
    cohort, layer1 = work / "concept_cohort", work / "concept_layer1"
    _layer1("phantom", str(cohort), "--slides", "6", "--size", "2048")
    sampling = "sampling={method: random, per_class: 120, seed: 0}"
    patch = f"patch={{size: {SIZE}, mpp: 0.5}}"
    _layer1("extract", str(cohort), "--out", str(layer1), "--set", patch, "--set", sampling)
    network, layer = made.network, made.cam_layer  # type: ignore[attr-defined]
    manifest = Manifest(
        architecture="camnet_small", patch_size=SIZE, patch_mpp=0.5, cam_layer=layer
    )
    bundle = write_bundle(
        work / "concept_bundle", manifest, lambda p: network.save(p), "# Untrained"
    )
    settings = ConceptsSettings(per_class=100)
    inputs = ConceptInputs(find_by_slide(layer1))
    counted: list[int] = []

    def find() -> None:
        found = find_concepts(bundle, inputs, work / "concepts", settings, workers=2)
        counted.append(found.facts["patches"])

    taken = seconds(find)
    rate = taken * _COUNT / counted[0]
    how = f"{counted[0]} patches in {taken:.0f} s, nuclei measured in two processes"
    return [f"`concepts`, all of it, by {what}", f"{rate:.0f} s", how, ""]


def _layer1(*words: str) -> None:
    call = [sys.executable, "-m", "layer1_extract", *words]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
