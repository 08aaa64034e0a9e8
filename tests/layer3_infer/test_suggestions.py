from __future__ import annotations

import json
import shutil

import pytest
import shapely
from click.testing import CliRunner
from small_cohort import SIZE, TUMOUR

from common.annotations import read_annotations
from common.errors import ConfigError
from layer3_infer.cli import cli
from layer3_infer.config import SuggestSettings
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.suggestions import suggest


@pytest.fixture
def suggested(finished, tmp_path):
    outcomes, kept = suggest(finished, tmp_path / "out", SuggestSettings(uncertain=4))
    assert kept == 0
    return tmp_path / "out", {outcome.slide_id: outcome for outcome in outcomes}


@pytest.mark.parametrize("kind", ["geojson", "xml"])
def test_regions_are_tumour_and_doubts_are_nothing(suggested, kind):
    out, _ = suggested

    found = read_annotations(out / f"green.{kind}")

    assert found.tumor.equals(shapely.box(*TUMOUR))
    assert found.groups == {"Tumor": 1, "Uncertain": 4}
    assert found.uncertain.area == 4 * SIZE**2


@pytest.mark.parametrize("kind", ["geojson", "xml"])
def test_a_slide_without_a_region_is_not_called_negative(suggested, kind):
    out, outcomes = suggested

    assert outcomes["pink"].counts == {"regions": 0, "uncertain": 4}
    assert read_annotations(out / f"pink.{kind}").is_silent


def test_where_there_is_nothing_to_suggest_there_is_no_file(suggested, finished, tmp_path):
    out, outcomes = suggested
    assert outcomes["glass"].status == "empty"
    assert "no file" in outcomes["glass"].reason
    assert not list(out.glob("glass.*"))

    suggest(finished, tmp_path / "none", SuggestSettings(uncertain=0))

    assert sorted(path.name for path in (tmp_path / "none").glob("*.geojson")) == ["green.geojson"]


def test_who_corrects_a_slide_the_model_was_trained_on_is_told(suggested):
    _, outcomes = suggested

    assert "trained" in outcomes["pink"].notes[0]
    assert outcomes["green"].notes == []


def test_small_regions_are_left_out(finished, tmp_path):
    outcomes, _ = suggest(finished, tmp_path, SuggestSettings(min_area_um2=1e9))

    assert {outcome.counts["regions"] for outcome in outcomes} == {0}


def test_what_a_person_corrected_is_kept_by_the_next_run(suggested, finished):
    out, _ = suggested
    (out / "green.geojson").write_text("corrected")

    _, kept = suggest(finished, out, SuggestSettings(uncertain=4))

    assert kept == 3
    assert (out / "green.geojson").read_text() == "corrected"


def test_overwriting_sets_aside_what_a_person_corrected_and_nothing_else(suggested, finished):
    out, _ = suggested
    (out / "green.geojson").write_text("corrected")

    suggest(finished, out, SuggestSettings(uncertain=4), overwrite=True)

    assert [path.read_text() for path in (out / "set_aside").iterdir()] == ["corrected"]
    assert len(json.loads((out / "green.geojson").read_text())["features"]) == 5


def test_a_slide_whose_heatmap_cannot_be_read_does_not_stop_the_others(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "glass.heatmap.h5").write_bytes(b"")

    outcomes, _ = suggest(copy, tmp_path / "out", SuggestSettings())

    assert [outcome.status for outcome in outcomes] == ["failed", "done", "done"]
    assert outcomes[0].exit_status == 4


def test_the_threshold_is_the_one_the_model_was_measured_with(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    facts = json.loads((copy / "model.json").read_text())
    scores = read_heatmap(copy / "green.heatmap.h5").heatmap.scores
    facts["threshold"] = float(scores.max()) + 1e-6
    (copy / "model.json").write_text(json.dumps(facts))

    outcomes, _ = suggest(copy, tmp_path / "out", SuggestSettings())
    assert {outcome.counts["regions"] for outcome in outcomes} == {0}

    (copy / "model.json").unlink()
    with pytest.raises(ConfigError, match="Give --threshold"):
        suggest(copy, tmp_path / "other", SuggestSettings())


def test_the_folder_of_the_heatmaps_is_no_place_for_suggestions(finished, tmp_path):
    with pytest.raises(ConfigError, match="another folder"):
        suggest(finished, finished, SuggestSettings())
    with pytest.raises(ConfigError, match="expected heatmaps"):
        suggest(tmp_path, tmp_path / "out", SuggestSettings())


def test_the_command_says_how_many_and_what_to_do_next(finished, tmp_path):
    words = ["suggest", finished, "--out", tmp_path, "--threshold", 0.9, "--uncertain", 2]

    done = CliRunner().invoke(cli, [str(word) for word in words])

    assert done.exit_code == 0, done.output
    assert "green: 1 regions, 2 uncertain" in done.stdout
    assert "layer1-extract" in done.stdout
    assert json.loads((tmp_path / "green.geojson").read_text())["camnet"]["threshold"] == 0.9
