from __future__ import annotations

import json
import shutil
from functools import partial

from typed_commands import typed

from layer3_infer.cli import cli

invoke = partial(typed, cli)


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


def test_a_slide_taken_out_of_the_cohort_does_not_stop_the_merging(finished, cohort_csv, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "outcomes" / "glass.json").unlink()
    (copy / "glass.heatmap.h5").unlink()
    smaller = tmp_path / "smaller.csv"
    lines = cohort_csv.read_text().splitlines()[:3]
    smaller.write_text("\n".join(lines) + "\n")

    found = [invoke("merge", copy, *words) for words in ((), ("--cohort", smaller))]

    assert "glass is missing" in str(found[0].exception)
    assert found[1].exit_code == 0


def test_heatmaps_that_failed_do_not_stop_the_others_unless_they_are_too_many(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    for slide_id in ("glass", "pink"):
        path = copy / "outcomes" / f"{slide_id}.json"
        failed = {"status": "failed", "reason": f"{slide_id} torn", "exit_status": 1}
        path.write_text(json.dumps(json.loads(path.read_text()) | failed))

    found = [invoke("merge", copy, "--max-failed", share) for share in (0.1, 1)]

    assert "glass failed: glass torn" in str(found[0].exception)
    assert found[0].exception.exit_status == 4
    assert found[1].exit_code == 3
    assert "failed pink: pink torn" in found[1].stdout


def test_how_far_a_folder_is_can_be_asked_of_another_cohort_too(finished, cohort_csv):
    found = [invoke("status", finished, *words) for words in ((), ("--cohort", cohort_csv))]

    assert {one.exit_code for one in found} == {0}
    assert found[0].stdout == found[1].stdout
    said = "3 slides: 2 done, 1 empty, 0 failed, 0 out of reach, 0 running, 0 stopped, 0 missing"
    assert found[0].stdout.splitlines()[0] == said
