from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from dark_nuclei import write_dark_cohort

from layer3_infer.cli import cli

HEAVY = ("numpy", "keras", "tensorflow", "matplotlib", "pydantic", "h5py", "cv2", "shapely")


def invoke(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_the_four_commands_follow_one_another(cohort_csv, bundle_path, patch_folder, tmp_path):
    out = tmp_path / "out"
    steps = [
        ("heatmap", cohort_csv, "--model", bundle_path, "--out", out, "--json"),
        ("explain", "--model", bundle_path, "--patches", patch_folder.parent, "--method",
         "grad_cam", "--out", out / "explanations", "--top", 2, "--slide", "green", "--json"),
        ("evaluate", out, "--annotations", cohort_csv, "--set", "replicates=20", "--json"),
        ("report", out, "--json"),
    ]  # fmt: skip

    said = [invoke(*step) for step in steps]

    assert [result.exit_code for result in said] == [0, 0, 0, 0], [r.output for r in said]
    data = [json.loads(result.stdout) for result in said]
    assert [slide["status"] for slide in data[0]["slides"]] == ["empty", "done", "done"]
    assert data[1]["slides"][0]["counts"] == {"explained": 2}
    assert data[2]["patches"]["auc"]["value"] == 1.0
    assert data[3]["bytes"] == (out / "report.html").stat().st_size


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


def test_detections_of_others_are_evaluated_without_a_heatmap(cohort_csv, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "green.csv").write_text("0.9,384,256\n")
    (tmp_path / "theirs" / "pink.csv").write_text("0.4,300,300\n")
    given = ("evaluate", tmp_path / "out", "--annotations", cohort_csv)
    tables = ("--detections", tmp_path / "theirs", "--set", "replicates=20")

    found = invoke(*given, *tables, "--mpp", "9", "--json")
    (tmp_path / "theirs" / "pink.csv").write_text("high,300,300\n")
    broken = invoke(*given, *tables)

    froc = json.loads(found.stdout)["froc"]
    counts = (froc["slides"], froc["lesions"], froc["itc"])
    assert counts == (2, 0, 1)  # 64 um at the slide's own scale, which goes before --mpp
    assert froc["by_slide"]["pink"]["false_positives"] == 1
    assert (tmp_path / "out" / "evaluation.json").exists()
    assert broken.exit_code == 4
    assert "pink.csv: line 1: p: expected a number from 0 to 1, found 'high'" in broken.stdout


def test_a_slide_that_cannot_be_read_ends_the_run_with_status_3(bundle_path, tmp_path):
    (tmp_path / "cohort.csv").write_text("slide_id,path\na,missing.tif\n")

    result = invoke(
        "heatmap", tmp_path / "cohort.csv", "--model", bundle_path, "--out", tmp_path / "out"
    )

    assert result.exit_code == 3
    assert "failed a: " in result.stdout


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
    result = CliRunner().invoke(
        cli, ["explain", "--model", str(bundle_path), "--out", str(tmp_path / "out"), *wrong]
    )

    assert words in f"{result.output}{result.exception}"
    assert result.exit_code != 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "verb", ["check", "suggest", "heatmap", "explain", "evaluate", "report", "view"]
)
def test_help_answers_without_heavy_imports(verb):
    code = (
        "import sys\n"
        "from layer3_infer.cli import cli\n"
        f"cli.main([{verb!r}, '--help'], standalone_mode=False)\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
    assert "Usage" in done.stdout


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
