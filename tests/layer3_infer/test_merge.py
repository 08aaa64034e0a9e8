from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from common.cohort import SlideEntry, read_cohort
from common.errors import ConfigError, ContractError
from common.slide_changes import seen_of
from layer3_infer.merge import merge
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.settings.heatmap import HeatmapSettings
from layer3_infer.slide_result import read_result


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def slides(cohort_csv, *names):
    return [entry for entry in read_cohort(cohort_csv) if entry.slide_id in names]


def test_a_whole_folder_is_told_slide_by_slide(copy):
    (copy / "slides.csv").unlink()

    merged = merge(ResultsFolder(copy))

    assert [(r.slide_id, r.status) for r in merged.results] == [
        ("glass", "empty"),
        ("green", "done"),
        ("pink", "done"),
    ]
    assert (copy / "slides.csv").exists()


def test_every_gap_is_named_at_once(copy):
    (copy / "outcomes" / "pink.json").unlink()
    (copy / "glass.png").unlink()
    (copy / "green.heatmap.h5").write_bytes(b"half")

    with pytest.raises(ContractError) as caught:
        merge(ResultsFolder(copy))

    said = str(caught.value)
    assert "pink is missing" in said
    assert "glass lacks glass.png" in said
    assert "green is damaged" in said
    assert "Run the same heatmap command again" in said


def test_a_slide_that_waits_for_blocks_is_unfinished(run_on, tmp_path):
    run_on(tmp_path, blocks=3, shard="0/3", keep={"green"})
    run_on(tmp_path, keep={"pink", "glass"})

    with pytest.raises(ContractError, match="green is unfinished"):
        merge(ResultsFolder(tmp_path))


def test_the_answers_of_a_slide_with_a_longer_name_are_not_this_one_s(copy):
    (copy / "outcomes" / "pink.json").unlink()
    (copy / "unfinished").mkdir()
    (copy / "unfinished" / "pink.2.0123456789abcdef.0123456789abcdef.npy").touch()

    with pytest.raises(ContractError, match="pink is missing"):
        merge(ResultsFolder(copy))


def test_a_slide_that_failed_is_known_of(copy):
    path = copy / "outcomes" / "pink.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"status": "failed", "reason": "torn", "exit_status": 3}))

    assert [r.status for r in merge(ResultsFolder(copy)).results] == ["empty", "done", "failed"]


def test_more_heatmaps_that_failed_than_may_are_refused_once_the_tables_tell_of_them(
    copy, cohort_csv
):
    for slide_id in ("glass", "pink"):
        path = copy / "outcomes" / f"{slide_id}.json"
        failed = {"status": "failed", "reason": f"{slide_id} torn", "exit_status": 1}
        path.write_text(json.dumps(json.loads(path.read_text()) | failed))
    (copy / "slides.csv").unlink()

    with pytest.raises(ContractError, match="at most 10% of 3 slides to have failed") as caught:
        merge(ResultsFolder(copy), max_failed=0.1)

    assert "pink failed: pink torn" in str(caught.value)
    assert "Mend them and run layer3-infer heatmap again" in str(caught.value)
    assert "glass torn" in (copy / "slides.csv").read_text()
    assert len(merge(ResultsFolder(copy)).results) == 3
    one_failed = slides(cohort_csv, "green", "pink")
    assert len(merge(ResultsFolder(copy), one_failed, max_failed=0.1).results) == 2


def test_a_slide_that_was_out_of_reach_is_no_result_and_named_with_the_host(copy):
    path = copy / "outcomes" / "pink.json"
    said = {"status": "failed", "reason": "gone", "exit_status": 3, "out_of_reach": "node7"}
    path.write_text(json.dumps(json.loads(path.read_text()) | said))

    with pytest.raises(ContractError, match="pink was out of reach of node7: gone") as caught:
        merge(ResultsFolder(copy))
    assert "mend that, or take it out of the cohort (--cohort)" in str(caught.value)


def test_a_heatmap_of_another_run_is_noticed(copy, run_on, tmp_path):
    other = tmp_path / "other"
    run_on(other, HeatmapSettings(stride=16), keep={"pink"})
    shutil.copy(other / "pink.heatmap.h5", copy)

    with pytest.raises(ContractError, match="pink has a heatmap that its outcome does not"):
        merge(ResultsFolder(copy))


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"run.json of a run over slides, found none"):
        merge(ResultsFolder(tmp_path))


def test_a_slide_that_the_cohort_lacks_by_now_does_not_stand_in_the_way(copy, cohort_csv):
    (copy / "outcomes" / "pink.json").unlink()

    merged = merge(ResultsFolder(copy), slides(cohort_csv, "glass", "green"))

    assert ([r.slide_id for r in merged.results], merged.others) == (["glass", "green"], [])


def test_results_that_the_cohort_lacks_are_named_and_kept(copy, cohort_csv):
    merged = merge(ResultsFolder(copy), slides(cohort_csv, "green"))

    assert ([r.slide_id for r in merged.results], merged.others) == (["green"], ["glass", "pink"])
    assert "pink" in (copy / "slides.csv").read_text()


def test_a_slide_of_the_cohort_that_no_run_was_given_is_missing(copy):
    with pytest.raises(ContractError, match="blue is missing"):
        merge(ResultsFolder(copy), [SlideEntry("blue", copy / "blue.tif")])


def test_a_result_of_other_words_than_the_cohort_s_is_named(copy, cohort_csv):
    (green,) = slides(cohort_csv, "green")

    with pytest.raises(ContractError, match="green has another patient by now than its result"):
        merge(ResultsFolder(copy), [replace(green, patient="p7")])


def test_a_slide_file_that_is_another_by_now_is_named(copy, cohort_csv, tmp_path):
    (green,) = slides(cohort_csv, "green")
    moved = [replace(green, path=tmp_path / "green.tif")]
    shutil.copy(green.path, moved[0].path)

    assert [r.slide_id for r in merge(ResultsFolder(copy), moved).results] == ["green"]
    assert read_result(copy, "green").seen == seen_of(moved[0])
    with moved[0].path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(ContractError, match="green has another slide by now"):
        merge(ResultsFolder(copy), moved)
