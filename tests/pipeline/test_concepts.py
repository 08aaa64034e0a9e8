"""On slides whose tumour differs in one thing, the network's answers are seen to follow that."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from command_reference import LAYERS

VERBS = {group.name: group for group in LAYERS.values()}
SIZES = {"nuclei_number", "nuclei_area_mean", "nuclei_area_sum", "nuclei_eccentricity"}
TEXTURES = {"asm", "contrast", "correlation", "entropy", "dissimilarity"}
PATCH = ("--set", "patch={size: 96, mpp: 0.5}")

pytestmark = pytest.mark.slow


def call(program, *words):
    done = CliRunner().invoke(VERBS[program], [str(word) for word in words])
    assert done.exit_code == 0, f"{program} {words[0]}: {done.output}"
    return done


def concepts_of(folder, differ):
    """The facts found about a small network trained on slides that differ in one thing."""
    cohort, layer1, run = (folder / name for name in ("cohort", "layer1", "run"))
    call("layer1-extract", "phantom", cohort, "--size", 2048, "--differ", differ)
    sampling = "sampling={method: random, per_class: 70, seed: 0}"
    call("layer1-extract", "extract", cohort, "--out", layer1, *PATCH, "--set", sampling)
    settings = (
        "network={name: camnet_small, dropout: 0.2}",
        "optimizer={name: adamw, learning_rate: 0.002}",
        "split={by: patient, valid: [patient_021], test: [patient_041]}",
        "epochs=4",
        "bootstrap=10",
    )
    overrides = [word for setting in settings for word in ("--set", setting)]
    call("layer2-train", "train", "--patches", layer1, "--out", run, *overrides)
    model, out = run / "bundle", folder / "concepts"
    call(
        "layer3-infer", "concepts", "--model", model, "--patches", layer1, "--out", out,
        "--per-class", 40, "--layers", "block2_relu,block3_relu,head_conv", "--workers", 1,
        "--set", "repeats=10",
    )  # fmt: skip
    return json.loads((out / "concepts.json").read_text())


@pytest.fixture(scope="module", params=["area", "texture"])
def found(request, tmp_path_factory):
    return request.param, concepts_of(tmp_path_factory.mktemp(request.param), request.param)


def strongest(facts):
    """The finding that stands out most from its shuffled copies."""
    return max(facts["findings"], key=lambda one: one["passes"] * abs(one["sensitivity_z"]))


def passing(facts):
    return {finding["concept"] for finding in facts["findings"] if finding["passes"]}


def test_what_tells_tumour_apart_stands_out_most_with_the_right_sign(found):
    differ, facts = found
    best = strongest(facts)

    if differ == "area":
        assert best["concept"] == "nuclei_area_mean"
        assert best["sensitivity_mean"] > 0
        assert best["tcav"] > 0.95
    else:
        assert best["concept"] in TEXTURES
        ordered = best["concept"] == "asm"  # the only one that is lower where chromatin is rough
        assert (best["sensitivity_mean"] < 0) == ordered
        assert (best["tcav"] < 0.05) == ordered
    assert best["r2"] > 0.3
    assert max(best["r2_p_corrected"], best["sensitivity_p_corrected"]) < 0.05


def test_what_does_not_tell_tumour_apart_does_not_pass(found):
    differ, facts = found

    if differ == "area":
        assert not passing(facts) & TEXTURES
    else:
        assert "nuclei_area_mean" not in passing(facts)


def test_a_pathologist_is_told(found):
    differ, facts = found
    words = {
        "area": "Where nuclei are larger, that speaks for tumour",
        "texture": "Where chromatin",
    }

    assert words[differ] in facts["words"][0]
