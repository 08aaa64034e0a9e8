from __future__ import annotations

import json
import re
import shutil
from functools import partial

import pytest
from typed_commands import typed

from layer3_infer.cli import cli

invoke = partial(typed, cli)


def test_shares_together_do_every_slide_and_a_dry_run_none(cohort_csv, bundle_path, tmp_path):
    out = tmp_path / "out"
    given = ("heatmap", cohort_csv, "--model", bundle_path, "--out", out, "--workers", 2)

    dry = invoke(*given, "--dry-run")
    assert "3 slides, 3 to do, 288 patches to analyse" in dry.stdout
    assert not out.exists()

    for index in range(2):
        said = invoke(*given, "--shard", f"{index}/2", "--log-level", "info")
        assert said.exit_code == 0
        assert f"next: layer3-infer merge {out}" in said.stdout
        assert not (out / "slides.csv").exists()
    assert invoke("merge", out).exit_code == 0
    assert len((out / "slides.csv").read_text().splitlines()) == 4


def test_blocks_are_told_and_merged(cohort_csv, bundle_path, tmp_path):
    out = tmp_path / "out"
    given = ("heatmap", cohort_csv, "--model", bundle_path, "--out", out, "--blocks", 2)

    first = invoke(*given, "--shard", "0/2")
    too_early = invoke("merge", out)
    second = invoke(*given, "--shard", "1/2")
    merged = invoke("merge", out, "--json")

    assert "green.part-0-of-2: waits for its other parts" in first.stdout
    assert f"next: layer3-infer merge {out}" in first.stdout
    assert too_early.exception.exit_status == 4
    assert "green is unfinished" in str(too_early.exception)
    assert (second.exit_code, merged.exit_code) == (0, 0)
    assert [s["status"] for s in json.loads(merged.stdout)["slides"]] == ["empty", "done", "done"]
    patients = (out / "patients.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in patients] == ["patient", "p1", "p2", "p3"]


def test_blocks_are_not_overwritten(cohort_csv, bundle_path, tmp_path):
    given = ("heatmap", cohort_csv, "--model", bundle_path, "--out", tmp_path / "out")

    result = invoke(*given, "--blocks", 2, "--overwrite")

    assert result.exception.exit_status == 2
    assert "--overwrite: expected no --blocks" in str(result.exception)


def test_a_patch_in_eight_positions_has_the_mean_of_its_answers(cohort_csv, bundle_path, tmp_path):
    given = ("heatmap", cohort_csv, "--model", bundle_path, "--set", "orientations=8")

    result = invoke(*given, "--out", tmp_path / "out", "--shard", "1/3", "--json")

    (slide,) = json.loads(result.stdout)["slides"]
    assert slide["scores"]["maximum"] > 0.9
    assert json.loads((tmp_path / "out" / "run.json").read_text())["threshold"] == 0.5


def test_a_slide_that_cannot_be_read_ends_the_run_with_status_3(bundle_path, tmp_path):
    (tmp_path / "cohort.csv").write_text("slide_id,path\na,missing.tif\n")

    result = invoke(
        "heatmap", tmp_path / "cohort.csv", "--model", bundle_path, "--out", tmp_path / "out"
    )

    assert result.exit_code == 3
    assert "failed a, out of reach of " in result.stdout


def changed_manifest(bundle, **changes):
    path = bundle / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def cut_off(bundle):
    network = bundle / "model.keras"
    network.write_bytes(network.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: changed_manifest(b, format_version="2.0"), "format_version: expected 1.x"),
        (lambda b: changed_manifest(b, format="other"), "format: expected camnet-model"),
        (lambda b: changed_manifest(b, patch_size=64), "expected .*64, 64, 3"),
        (cut_off, "model.keras: sha256: expected"),
        (lambda b: (b / "model.keras").unlink(), "model.keras"),
        (lambda b: (b / "MODEL_CARD.md").write_text("other"), "MODEL_CARD.md: sha256: expected"),
    ],
    ids=["version", "format", "patch size", "truncated", "missing", "changed card"],
)
def test_a_bundle_that_is_not_what_it_says_is_refused_with_the_reason(
    cohort_csv, bundle_path, tmp_path, damage, words
):
    bundle = shutil.copytree(bundle_path, tmp_path / "bundle")
    damage(bundle)

    result = invoke("heatmap", cohort_csv, "--model", bundle, "--out", tmp_path / "out")

    assert result.exception.exit_status == 4
    assert re.search(words, str(result.exception)), str(result.exception)
    assert not list(tmp_path.glob("out/*.h5"))
