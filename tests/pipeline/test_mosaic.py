"""The three layers on real texture with truth: eight slides laid from PatchCamelyon patches."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from command_reference import LAYERS
from project import ROOT

from common.roc import auc
from layer3_infer.heatmap_file import read_heatmap

VERBS = {group.name: group for group in LAYERS.values()}
HELD_OUT = {"patient_002_node_1", "patient_022_node_2", "patient_040_node_3"}


def call(program, *words):
    done = CliRunner().invoke(VERBS[program], [str(word) for word in words])
    assert done.exit_code == 0, f"{program} {words[0]}: {done.output}"


@pytest.mark.slow
@pytest.mark.real_data
def test_heatmaps_of_patients_held_out_separate_tumour_from_normal_cells(
    shared_data, mosaic_truth, tmp_path
):
    cohort, configs = shared_data / "mosaic", ROOT / "configs"
    patches, run, out = tmp_path / "patches", tmp_path / "run", tmp_path / "out"
    extract = configs / "layer1_extract" / "mosaic.yaml"
    train = configs / "layer2_train" / "mosaic.yaml"

    call("layer1-extract", "extract", cohort, "--out", patches, "--config", extract)
    call("layer2-train", "train", "--patches", patches, "--out", run, "--config", train)
    model = ["--model", run / "bundle"]
    call("layer3-infer", "heatmap", cohort, *model, "--out", out, "--held-out")

    labels, scores = [], []
    for slide_id in HELD_OUT:
        values = read_heatmap(out / f"{slide_id}.heatmap.h5").heatmap.values
        truth = mosaic_truth(slide_id)
        seen = truth["tissue"] & ~np.isnan(values)
        labels.append(truth["tumor"][seen])
        scores.append(values[seen])
        assert seen.sum() > 0.7 * truth["tissue"].sum()
    assert {path.name.split(".")[0] for path in out.glob("*.heatmap.h5")} == HELD_OUT
    assert auc(np.concatenate(labels), np.concatenate(scores)) >= 0.89
