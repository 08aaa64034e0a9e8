"""The whole of layer 3 on real tissue, with a network that knows nothing but colour."""

from __future__ import annotations

import json

import pytest
from colour_model import write_colour_bundle

from common.cohort import read_cohort
from common.units import units_of
from layer3_infer.analysis import Analysis
from layer3_infer.config import EvaluateSettings, HeatmapSettings
from layer3_infer.evaluation import evaluate_folder
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.pipeline import run
from layer3_infer.results_folder import ResultsFolder

SLIDES = ("patient_000_node_0", "patient_001_node_1")
pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def results(shared_data, tmp_path_factory):
    """Two mosaics, one with tumour and one without."""
    out = tmp_path_factory.mktemp("mosaic")
    bundle = write_colour_bundle(out / "bundle", size=96, mpp=0.972)
    settings = HeatmapSettings(picture_width=400)
    analysis = Analysis(bundle, settings, ResultsFolder(out / "out"))
    entries = [e for e in read_cohort(shared_data / "mosaic") if e.slide_id in SLIDES]
    run(analysis, units_of(entries), SLIDES)
    return out / "out"


@pytest.mark.parametrize("slide", SLIDES)
def test_the_grid_of_a_mosaic_falls_on_its_cells(results, mosaic_truth, slide):
    truth = mosaic_truth(slide)

    heatmap = read_heatmap(results / f"{slide}.heatmap.h5").heatmap

    assert heatmap.values.shape == truth["tissue"].shape
    assert not (heatmap.analysed & ~truth["tissue"]).any()
    assert (heatmap.analysed & truth["tumor"]).sum() >= 0.95 * truth["tumor"].sum()
    assert (heatmap.analysed & truth["tissue"]).sum() > 0.75 * truth["tissue"].sum()


def test_tumour_and_normal_patches_are_told_apart_by_the_annotations(
    results, shared_data, mosaic_truth
):
    found = evaluate_folder(results, shared_data / "mosaic", EvaluateSettings(replicates=20))

    truth = mosaic_truth(SLIDES[0])["tumor"]
    analysed = read_heatmap(results / f"{SLIDES[0]}.heatmap.h5").heatmap.analysed
    counts = found["patches"]["by_slide"][SLIDES[0]]
    assert counts["tumor"] + counts["left_out"] >= (truth & analysed).sum()
    assert counts["tumor"] <= (truth & analysed).sum() + counts["left_out"]
    assert found["patches"]["by_slide"][SLIDES[1]]["tumor"] == 0
    assert json.loads((results / "evaluation.json").read_text()) == found
