from __future__ import annotations

import json
from dataclasses import replace

import openslide
import pytest
import shapely

from common.annotations.reader import read_annotations
from common.cohort.stages import read_stages
from common.errors import ConfigError
from common.files import sha256
from layer1_extract.phantom.cohort import make_cohort, make_slide
from layer1_extract.phantom.roster import Entry, roster


@pytest.fixture(scope="module")
def cohort(small, tmp_path_factory):
    out = tmp_path_factory.mktemp("cohort") / "out"
    told = []
    return out, make_cohort(out, small, told.append, workers=1), told


def test_slides_are_returned_and_told_in_order(cohort):
    out, paths, told = cohort

    assert paths == [entry.slide_path(out) for entry in roster(3)]
    assert told == [entry.slide_id for entry in roster(3)]
    for path in paths:
        with openslide.OpenSlide(path) as slide:
            assert slide.dimensions == (1024, 1024)


def test_only_slides_with_tumour_have_an_annotation_and_a_stage_other_than_negative(cohort):
    out, _, _ = cohort
    stages = read_stages(out / "stages.csv")

    for entry in roster(3):
        assert entry.annotation_path(out).is_file() is entry.positive
        assert (stages[entry.slide_id] == "negative") is not entry.positive


def test_every_nucleus_of_tumour_and_no_other_is_centred_in_an_annotated_region(cohort):
    out, _, _ = cohort

    nuclei = json.loads(Entry(0).truth_path(out).read_text())["nuclei"]
    annotated = read_annotations(Entry(0).annotation_path(out)).tumor

    within = shapely.contains_xy(annotated, nuclei["x"], nuclei["y"])
    assert any(nuclei["tumor"])
    assert within.tolist() == nuclei["tumor"]


def test_a_slide_made_alone_is_the_slide_of_the_cohort(cohort, small, tmp_path):
    out, paths, _ = cohort

    make_slide(tmp_path, replace(small, slides=9), Entry(1))

    assert sha256(Entry(1).slide_path(tmp_path)) == sha256(paths[1])
    assert sha256(Entry(1).truth_path(tmp_path)) == sha256(Entry(1).truth_path(out))


def test_two_workers_make_the_same_files_as_one(cohort, small, tmp_path):
    out, _, _ = cohort

    make_cohort(tmp_path / "out", small, workers=2)

    assert digests(tmp_path / "out") == digests(out)


def test_the_same_settings_make_the_cohort_anew_in_the_same_folder(small, tmp_path):
    one = replace(small, slides=1)
    (path,) = make_cohort(tmp_path, one, workers=1)
    path.write_bytes(b"half a slide")

    make_cohort(tmp_path, one, workers=1)

    with openslide.OpenSlide(path) as slide:
        assert slide.level_count == 2


def test_a_folder_that_holds_anything_else_is_left_alone(small, tmp_path):
    (tmp_path / "stages.csv").write_text("mine")

    with pytest.raises(ConfigError, match="found other files"):
        make_cohort(tmp_path, small)

    assert [path.name for path in tmp_path.iterdir()] == ["stages.csv"]
    assert (tmp_path / "stages.csv").read_text() == "mine"


def test_a_cohort_of_other_settings_is_left_alone(cohort, small):
    out, _, _ = cohort

    with pytest.raises(ConfigError, match="of the same settings"):
        make_cohort(out, replace(small, seed=1))


def digests(out):
    return {path.relative_to(out): sha256(path) for path in out.rglob("*") if path.is_file()}
