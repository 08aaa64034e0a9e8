from __future__ import annotations

import json
from functools import partial

import pytest
from dark_nuclei import write_dark_cohort
from typed_commands import typed

from layer3_infer.cli import cli

invoke = partial(typed, cli)


def test_explanations_from_slides_and_their_heatmaps(cohort_csv, bundle_path, finished, tmp_path):
    given = ("explain", "--model", bundle_path, "--slides", cohort_csv, "--heatmaps", finished,
             "--out", tmp_path, "--slide", "green", "--json")  # fmt: skip

    dry = json.loads(invoke(*given, "--choose", "uncertain", "--dry-run").stdout)
    assert dry["slides"][0]["counts"] == {"to_explain": 6}
    assert not list(tmp_path.iterdir())

    named = ("--at", "330,200", "--method", "grad_cam", "--method", "grad_cam_pp", "--sanity",
             "--set", "sanity.depths=2")  # fmt: skip
    done = invoke(*given, *named)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["slides"][0]["counts"] == {"explained": 1}
    assert [one["method"] for one in said["sanity"]] == ["grad_cam", "grad_cam_pp"]
    assert (tmp_path / "green.methods.png").exists()
    assert (tmp_path / "sanity.json").exists()


def test_without_an_explained_slide_there_is_no_check_and_the_failure_is_said(
    bundle_path, patch_folder, tmp_path
):
    result = invoke("explain", "--model", bundle_path, "--patches", patch_folder, "--out", tmp_path,
                    "--slide", "pink", "--at", "0,0", "--sanity")  # fmt: skip

    assert result.exit_code == 2
    assert "failed pink: --at: expected a place in a patch, found 0,0" in result.stdout
    assert not (tmp_path / "sanity.json").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((), "expected --patches, or --slides with --heatmaps, found none"),
        (("--at", "5"), "expected X,Y in level-0 px such as 1200,840, found '5'"),
        (("--patches", ".", "--row", "1", "--at", "1,2"), "rows: expected none beside at"),
    ],
)
def test_what_to_explain_must_be_clear(bundle_path, tmp_path, wrong, words):
    result = invoke("explain", "--model", bundle_path, "--out", tmp_path / "out", *wrong)

    assert words in f"{result.output}{result.exception}"
    assert result.exit_code != 0
    assert not (tmp_path / "out").exists()


def test_concepts_of_patients_held_out_are_told_at_the_layers_named(tmp_path):
    cohort, out = write_dark_cohort(tmp_path), tmp_path / "out"

    done = invoke(
        "concepts", "--model", cohort.bundle, "--patches", cohort.patches, "--out", out,
        "--concepts", cohort.known, "--layers", "looks", "--per-class", 12, "--held-out",
        "--workers", 1, "--set", "measures=[nuclei_area_sum]", "--set", "repeats=3", "--json",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert (facts["patients"], facts["patches_trained_on"]) == (3, 0)
    assert [one["concept"] for one in facts["findings"]] == ["nuclei_area_sum", "tint"]
    assert {one["layer"] for one in facts["findings"]} == {"looks"}
