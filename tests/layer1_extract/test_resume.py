from __future__ import annotations

import logging
import os
from dataclasses import replace

import pytest
from tiff_slides import asap, tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from common.outcomes import forget, read_outcome, write_outcome
from common.slide_changes import seen_of
from common.units import Unit, units_of
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import patch_path
from layer1_extract.pipeline import extract
from layer1_extract.resume import Run, finished, unlabelled, vanished

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]


@pytest.fixture
def unit(tmp_path):
    path = write_slide(tmp_path / "in" / "s.tif", tissue_on_glass())
    annotation = tmp_path / "in" / "s.xml"
    annotation.write_text(asap([[(320, 192), (448, 192), (448, 384), (320, 384)]]))
    return Unit(SlideEntry("s", path, annotation=annotation))


@pytest.fixture
def run(tmp_path, unit):
    run = Run(tmp_path / "out", load(ExtractSettings, None, [*SMALL, "sampling.per_class=5"]))
    extract([unit], run)
    return run


def test_what_is_whole_and_still_right_is_finished_and_took_no_time(unit, run):
    outcome = finished(unit, run)

    assert outcome is not None
    assert (outcome.status, outcome.seconds, outcome.counts["kept"]) == ("done", 0, 10)


def test_a_whole_slide_stands_for_each_of_its_parts(unit, run):
    for part in units_of([unit.entry], 3):
        assert finished(part, run) == finished(unit, run)


def test_without_an_outcome_nothing_is_finished(unit, run):
    forget(run.out, "s")

    assert finished(unit, run) is None


def test_of_another_configuration_nothing_is_finished(unit, run, caplog):
    other = load(ExtractSettings, None, [*SMALL, "sampling.per_class=6"])

    assert finished(unit, Run(run.out, other)) is None
    assert "s is done anew: other than before: ['configuration']" in caplog.text


def test_a_mask_that_a_person_gave_since_counts_if_it_is_another(unit, run, tmp_path, caplog):
    masks = tmp_path / "masks"
    masks.mkdir()
    assert finished(unit, replace(run, masks=masks)) is not None
    text = (run.out / "masks" / "s.geojson").read_text()
    (masks / "s.geojson").write_text(text)
    assert finished(unit, replace(run, masks=masks)) is not None
    (masks / "s.geojson").write_text(text + "\n")

    assert finished(unit, replace(run, masks=masks)) is None
    assert "['kept_mask_sha256']" in caplog.text


def test_an_outcome_of_an_older_version_stays_until_a_mask_is_given(unit, run, caplog):
    outcome = read_outcome(run.out, "s")
    assert outcome is not None
    old = {key: value for key, value in outcome.inputs.items() if key != "kept_mask_sha256"}
    write_outcome(run.out, replace(outcome, inputs=old))

    assert finished(unit, run) is not None
    assert finished(unit, replace(run, masks=run.out / "masks")) is None
    assert "['mask_sha256']" in caplog.text


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("broken", ["{", '{"type": "FeatureCollection", "features": [1]}', None])
def test_a_given_mask_that_cannot_be_read_touches_no_result(unit, run, tmp_path, broken, overwrite):
    masks = tmp_path / "masks"
    (masks / "s.geojson").mkdir(parents=True)
    if broken:
        (masks / "s.geojson").rmdir()
        (masks / "s.geojson").write_text(broken)
    before = {path: path.read_bytes() for path in run.out.rglob("*.*") if path.is_file()}

    (outcome,), kept = extract([unit], replace(run, masks=masks), overwrite=overwrite)

    assert (outcome.status, outcome.exit_status, kept) == ("failed", 3, 0)
    assert "s.geojson" in outcome.reason
    assert "kept as they are" in outcome.notes[0]
    assert before == {path: path.read_bytes() for path in run.out.rglob("*.*") if path.is_file()}


def test_why_something_is_done_anew_is_said_once(unit, run, caplog):
    patch_path(run.out, "s").write_bytes(b"")
    caplog.set_level(logging.WARNING)

    assert finished(unit, run, level=logging.DEBUG) is None
    assert caplog.text == ""


@pytest.mark.parametrize("away", ["path", "annotation"])
def test_a_slide_that_cannot_be_reached_has_vanished_if_it_was_finished(unit, run, away):
    getattr(unit.entry, away).unlink()

    failed = vanished(unit, run)

    assert failed is not None
    assert (failed.status, failed.exit_status) == ("failed", 3)
    assert vanished(unit, replace(run, out=run.out / "other")) is None


def test_a_slide_that_is_there_has_not_vanished_whatever_it_holds(unit, run):
    unit.entry.path.write_text("broken")

    assert vanished(unit, run) is None


def test_labels_are_not_lost_with_the_annotation_they_came_from(unit, run):
    gone = replace(unit, entry=replace(unit.entry, annotation=None))

    for asked in (gone, *units_of([gone.entry], 2)):
        failed = unlabelled(asked, run)

        assert failed is not None
        assert (failed.name, failed.exit_status) == (asked.name, 3)
        assert "annotation: expected one" in failed.reason
        assert "outcomes/s.json, or give --overwrite" in failed.reason
    assert unlabelled(unit, run) is None


def test_nor_with_the_label_they_came_from(unit, run):
    negative = replace(unit, entry=replace(unit.entry, annotation=None, slide_label="negative"))
    assert unlabelled(negative, run) is None  # it is said otherwise now
    extract([negative], run, overwrite=True)

    failed = unlabelled(replace(unit, entry=replace(unit.entry, annotation=None)), run)

    assert failed is not None
    assert "slide_label: expected one" in failed.reason
    assert unlabelled(unit, run) is None


def test_a_slide_that_was_touched_is_noted_where_that_is_asked_for(unit, run):
    before = read_outcome(run.out, "s")
    os.utime(unit.entry.path, (1, 1))

    looked = finished(unit, run)
    unnoted = read_outcome(run.out, "s")
    noted = finished(unit, run, note=True)

    assert looked == replace(noted, seen=looked.seen)
    assert unnoted == before
    assert read_outcome(run.out, "s") == replace(before, seen=seen_of(unit.entry)) != before


def test_a_mirax_slide_whose_folder_is_away_has_vanished(unit, run, tmp_path):
    path = tmp_path / "in" / "s.mrxs"
    path.write_text("of no use without its folder")

    failed = vanished(replace(unit, entry=replace(unit.entry, path=path)), run)

    assert failed is not None
    assert failed.out_of_reach
