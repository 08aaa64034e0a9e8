from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import socket
from dataclasses import replace

import numpy as np
import pytest
from colour_model import write_colour_bundle

from common.cohort import read_cohort
from common.errors import ConfigError, Interrupted
from common.files import sha256
from common.model_bundle import read_bundle
from common.outcomes import exit_status
from common.slide_changes import seen_of
from common.units import units_of
from layer3_infer.analysis import Analysis
from layer3_infer.config import HeatmapSettings
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.locations import find_by_slide
from layer3_infer.pipeline import forecast, run
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import read_result


def slides_csv(folder):
    with (folder / "slides.csv").open() as stream:
        return {row["slide_id"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_every_slide_ends_in_one_line_of_the_table(finished):
    rows = slides_csv(finished)

    assert {name: row["status"] for name, row in rows.items()} == {
        "green": "done",
        "pink": "done",
        "glass": "empty",
    }
    assert "no patch has 25% tissue" in rows["glass"]["reason"]
    assert (rows["glass"]["maximum"], rows["glass"]["analysed"]) == ("", "0")
    assert float(rows["green"]["maximum"]) > 0.9
    assert float(rows["pink"]["maximum"]) < 0.1
    assert rows["green"]["patient"] == "p1"
    assert "met this slide or its patient in its train split" in rows["pink"]["warnings"]


def test_each_slide_has_all_its_files_even_where_nothing_was_found(finished):
    folder = ResultsFolder(finished)

    for slide in ("green", "pink", "glass"):
        assert [path.name for path in folder.of_slide(slide) if not path.exists()] == []
    assert not list(finished.rglob("*.partial"))


def test_what_is_finished_is_kept(run_on, copy):
    before = (copy / "green.heatmap.h5").stat().st_mtime_ns

    results, kept = run_on(copy)

    assert kept == 3
    assert [result.seconds for result in results] == [0.0, 0.0, 0.0]
    assert (copy / "green.heatmap.h5").stat().st_mtime_ns == before


def test_a_slide_that_is_the_same_but_for_its_time_is_looked_into_once(
    run_on, copy, cohort_csv, tmp_path
):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    for name in ("green.tif", "green.xml"):
        os.utime(moved / name, (1, 1))
    before = read_result(copy, "green")

    _, kept = run_on(copy, source=moved / "cohort.csv", keep={"green"})

    entry = next(e for e in read_cohort(moved / "cohort.csv") if e.slide_id == "green")
    assert kept == 1
    assert before is not None
    assert before.seen != seen_of(entry)
    assert read_result(copy, "green") == replace(before, seen=seen_of(entry))


def test_a_dry_run_does_not_note_what_it_looked_into(run_on, copy, cohort_csv, tmp_path):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    os.utime(moved / "green.tif", (1, 1))
    before = (copy / "outcomes" / "green.json").stat().st_mtime_ns

    found = run_on(copy, source=moved / "cohort.csv", keep={"green"}, run=forecast)

    assert [one.status for one in found] == ["finished"]
    assert (copy / "outcomes" / "green.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["green.heatmap.h5", "outcomes/green.json"])
def test_a_cut_off_file_is_made_anew(run_on, copy, finished, name):
    (copy / name).write_bytes((copy / name).read_bytes()[:100])

    _, kept = run_on(copy)

    assert kept == 2
    made, first = (read_heatmap(f / "green.heatmap.h5").heatmap for f in (copy, finished))
    assert made.values.tobytes() == first.values.tobytes()


def test_a_picture_lost_after_the_heatmap_is_drawn_from_it(run_on, copy):
    (copy / "green.png").unlink()
    before = (copy / "green.heatmap.h5").stat().st_mtime_ns

    _, kept = run_on(copy)

    assert kept == 2
    assert (copy / "green.png").exists()
    assert (copy / "green.heatmap.h5").stat().st_mtime_ns == before


def test_a_slide_that_changed_is_done_anew(run_on, copy, cohort_csv, tmp_path):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    with (moved / "green.tif").open("ab") as stream:
        stream.write(b"more")

    _, kept = run_on(copy, source=moved / "cohort.csv")

    assert kept == 2


def test_shares_in_any_order_give_the_folder_of_one_run(run_on, finished, tmp_path):
    for slide in ("pink", "glass", "green"):
        run_on(tmp_path, keep={slide}, workers=3)

    for slide in ("green", "pink", "glass"):
        for name in (f"{slide}.geojson", f"{slide}.csv", f"{slide}.png"):
            assert (tmp_path / name).read_bytes() == (finished / name).read_bytes()
        one, many = (read_heatmap(f / f"{slide}.heatmap.h5") for f in (finished, tmp_path))
        assert one.heatmap.values.tobytes() == many.heatmap.values.tobytes()
    drop = {"seconds"}
    rows, shared = slides_csv(finished), slides_csv(tmp_path)
    assert {k: {c: v for c, v in r.items() if c not in drop} for k, r in rows.items()} == {
        k: {c: v for c, v in r.items() if c not in drop} for k, r in shared.items()
    }


def test_one_slide_that_fails_does_not_stop_the_others(run_on, cohort_csv, tmp_path):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    (moved / "green.tif").write_bytes(b"not a slide")

    results, _ = run_on(tmp_path / "out", source=moved / "cohort.csv")

    status = {result.slide_id: result.status for result in results}
    assert status == {"glass": "empty", "green": "failed", "pink": "done"}
    assert exit_status(results) == 3
    row = slides_csv(tmp_path / "out")["green"]
    assert "expected a slide OpenSlide can read" in row["reason"]
    assert row["patient"] == "p1"


def test_a_slide_that_this_host_cannot_get_at_is_told_from_one_that_is_damaged(
    run_on, cohort_csv, tmp_path
):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    (moved / "green.tif").write_bytes(b"not a slide")
    (moved / "pink.tif").unlink()

    results, _ = run_on(tmp_path / "out", source=moved / "cohort.csv", keep={"green", "pink"})

    assert [(one.status, one.out_of_reach) for one in results] == [
        ("failed", ""),
        ("failed", socket.gethostname()),
    ]


def test_a_slide_whose_annotation_this_host_may_not_read_is_out_of_reach_and_no_bug(
    run_on, tmp_path, monkeypatch
):
    def refused(path):
        if path.suffix == ".xml":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return sha256(path)

    monkeypatch.setattr("common.truth.sha256", refused)

    results, _ = run_on(tmp_path, keep={"green"})

    assert [(one.exit_status, one.out_of_reach) for one in results] == [(3, socket.gethostname())]


def test_an_annotation_that_is_not_there_says_nothing_of_reach(run_on, cohort_csv, tmp_path):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    (moved / "green.tif").write_bytes(b"not a slide")
    (moved / "green.xml").unlink()

    results, _ = run_on(tmp_path / "out", source=moved / "cohort.csv", keep={"green"})

    assert [(one.status, one.out_of_reach) for one in results] == [("failed", "")]


def test_it_is_recorded_what_the_files_of_a_slide_were(finished, cohort_csv):
    result = read_result(finished, "green")

    assert result is not None
    assert result.seen == seen_of(read_cohort(cohort_csv)[1])
    assert sorted(result.seen) == ["annotation", "slide"]


def test_an_annotation_that_cannot_be_read_is_a_warning_and_not_the_end(
    run_on, cohort_csv, tmp_path
):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    (moved / "green.xml").write_text("<half")

    results, _ = run_on(tmp_path / "out", source=moved / "cohort.csv", keep={"green"})

    assert results[0].status == "done"
    assert "annotation not drawn" in results[0].warnings[0]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"settings": HeatmapSettings(threshold=0.7)}, "threshold: 0.5 there, 0.7 here"),
        ({"patch_files": {}}, "locations: 'tissue' there, 'patches' here"),
    ],
)
def test_a_folder_of_another_configuration_is_refused_and_left_alone(run_on, copy, more, message):
    before = (copy / "run.json").read_bytes()

    with pytest.raises(ConfigError, match=message):
        run_on(copy, **more)

    assert (copy / "run.json").read_bytes() == before


def test_overwriting_replaces_what_another_configuration_made(run_on, copy):
    _, kept = run_on(copy, settings=HeatmapSettings(stride=16), overwrite=True)

    assert kept == 0
    assert read_heatmap(copy / "green.heatmap.h5").heatmap.grid.stride == 16


def test_half_a_stride_gives_the_same_answers_where_the_patches_are_the_same(
    run_on, finished, tmp_path
):
    run_on(tmp_path, settings=HeatmapSettings(stride=16), keep={"green"})

    coarse = read_heatmap(finished / "green.heatmap.h5").heatmap.values
    fine = read_heatmap(tmp_path / "green.heatmap.h5").heatmap.values
    assert np.array_equal(fine[::2, ::2], coarse, equal_nan=True)


def test_the_record_of_the_run_names_every_slide_and_no_path(finished, cohort_csv):
    record = json.loads((finished / "run.json").read_text())

    assert record["slides"] == ["glass", "green", "pink"]
    assert record["locations"] == "tissue"
    assert os.fspath(cohort_csv.parent) not in (finished / "model.json").read_text()


def test_a_forecast_says_what_would_be_done_and_writes_nothing(
    bundle, cohort_csv, finished, tmp_path
):
    entries = read_cohort(cohort_csv)

    def said(folder):
        analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(folder))
        found = forecast(analysis, units_of(entries), [entry.slide_id for entry in entries])
        return {one.name: (one.status, one.patches) for one in found}

    assert said(tmp_path / "new") == {
        "glass": ("to do", 0),
        "green": ("to do", 144),
        "pink": ("to do", 144),
    }
    assert said(finished)["green"] == ("finished", 0)
    assert not (tmp_path / "new").exists()


def test_slides_that_would_share_a_file_are_refused_before_anything_is_written(
    bundle, cohort_csv, tmp_path
):
    rows = cohort_csv.read_text().replace("pink,pink", "green.top,pink").splitlines()
    source = cohort_csv.with_name("shared.csv")
    source.write_text("\n".join(rows))
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(tmp_path / "out"))
    entries = read_cohort(source)
    source.unlink()

    for tried in (
        lambda: run(analysis, units_of(entries[:1]), [entry.slide_id for entry in entries]),
        lambda: forecast(analysis, units_of(entries[:1]), [entry.slide_id for entry in entries]),
    ):
        with pytest.raises(ConfigError, match=r"green\.top\.png of slides 'green' and"):
            tried()
    assert not (tmp_path / "out").exists()


def test_a_slide_may_not_take_a_file_of_one_that_is_there(bundle, cohort_csv, copy, finished):
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(copy))
    (entry,) = (entry for entry in read_cohort(cohort_csv) if entry.slide_id == "pink")
    named = replace(entry, slide_id="green.top")

    with pytest.raises(ConfigError, match=r"green\.top\.png of slides"):
        run(analysis, units_of([named]), [named.slide_id])
    pictures = [(folder / "green.top.png").read_bytes() for folder in (copy, finished)]
    assert pictures[0] == pictures[1]


def test_a_forecast_says_which_slide_would_fail(bundle, cohort_csv, tmp_path):
    moved = shutil.copytree(cohort_csv.parent, tmp_path / "cohort")
    (moved / "pink.tif").write_bytes(b"not a slide")
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(tmp_path / "out"))

    entries = read_cohort(moved / "cohort.csv")
    found = {one.name: one for one in forecast(analysis, units_of(entries), [])}

    assert found["pink"].status == "fails"
    assert "OpenSlide" in found["pink"].reason


def stopped(*_):
    raise Interrupted("stopped")


def test_a_run_stopped_between_heatmap_and_pictures_leaves_no_mixture_of_two_models(
    finished, cohort_csv, tmp_path, monkeypatch
):
    """Model A is done, model B replaces it and is stopped, model B goes on."""
    out = shutil.copytree(finished, tmp_path / "out")
    (out / "evaluation.json").write_text("{}")
    other = read_bundle(write_colour_bundle(tmp_path / "bundle", size=64).path)
    entries = read_cohort(cohort_csv)
    names = [entry.slide_id for entry in entries]

    def analysis(folder):
        return Analysis(other, HeatmapSettings(), ResultsFolder(folder))

    with monkeypatch.context() as patched:
        patched.setattr("layer3_infer.analysis.write_outputs", stopped)
        with pytest.raises(Interrupted):
            run(analysis(out), units_of(entries), names, overwrite=True)
    assert not (out / "outcomes" / f"{names[0]}.json").exists()
    assert not (out / "evaluation.json").exists()

    run(analysis(out), units_of(entries), names)
    run(analysis(tmp_path / "fresh"), units_of(entries), names)

    for path in (tmp_path / "fresh").iterdir():
        if path.suffix in {".png", ".jpg", ".geojson"} or path.name == "model.json":
            assert (out / path.name).read_bytes() == path.read_bytes(), path.name
    for name in names:
        made, fresh = (read_heatmap(f / f"{name}.heatmap.h5") for f in (out, tmp_path / "fresh"))
        assert made.header == fresh.header
        assert made.heatmap.values.tobytes() == fresh.heatmap.values.tobytes()
    tables = [path.name for path in (tmp_path / "fresh").glob("*.csv") if path.stem in names]
    assert len(tables) == 3
    assert all((out / n).read_bytes() == (tmp_path / "fresh" / n).read_bytes() for n in tables)
    drop = {"seconds": ""}
    after, fresh = slides_csv(out), slides_csv(tmp_path / "fresh")
    assert {k: r | drop for k, r in after.items()} == {k: r | drop for k, r in fresh.items()}


def in_eight_positions(bundle, folder):
    """The same network, whose bundle asks for eight orientations."""
    shutil.copytree(bundle.path, folder)
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["preprocessing"]["orientations"] = 8
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return read_bundle(folder)


def test_the_same_network_shown_patches_otherwise_is_another_model(
    bundle, cohort_csv, copy, tmp_path
):
    other = in_eight_positions(bundle, tmp_path / "eight")
    analysis = Analysis(other, HeatmapSettings(), ResultsFolder(copy))
    entries = read_cohort(cohort_csv)
    names = [entry.slide_id for entry in entries]
    first = [entry for entry in entries if entry.slide_id == "green"]
    run(analysis, units_of(first), names, overwrite=True)

    _, kept = run(analysis, units_of(entries), names)

    assert kept == 1
    headers = [read_heatmap(copy / f"{name}.heatmap.h5").header for name in names]
    assert len({header.preprocessing_sha256 for header in headers}) == 1


def test_tables_hold_the_scores_of_one_model(bundle, cohort_csv, copy, tmp_path, caplog):
    other = in_eight_positions(bundle, tmp_path / "eight")
    analysis = Analysis(other, HeatmapSettings(), ResultsFolder(copy))
    entries = [entry for entry in read_cohort(cohort_csv) if entry.slide_id == "green"]

    run(analysis, units_of(entries), ["green"], overwrite=True)

    assert set(slides_csv(copy)) == {"green"}
    assert len((copy / "patients.csv").read_text().splitlines()) == 2
    assert "results of another run are left out of the tables: glass, pink" in caplog.text


def test_what_was_made_of_other_results_goes_with_them(run_on, copy):
    folder = ResultsFolder(copy)
    made = [folder.evaluation, folder.slide_predictions, folder.detections("green")]
    for path in made:
        path.parent.mkdir(exist_ok=True)
        path.write_text("of other heatmaps")

    run_on(copy, overwrite=True, keep={"glass"})

    assert not any(path.exists() for path in made)


def test_pictures_of_another_heatmap_are_not_kept(run_on, copy):
    """The outcome names the heatmap its files are of."""
    record = json.loads((copy / "outcomes" / "green.json").read_text())
    record["inputs"]["heatmap_sha256"] = "0" * 64
    (copy / "outcomes" / "green.json").write_text(json.dumps(record))
    (copy / "green.png").write_bytes(b"of another model")

    _, kept = run_on(copy)

    assert kept == 2
    assert (copy / "green.png").read_bytes() != b"of another model"


def test_a_stop_while_looking_at_finished_slides_stops(run_on, copy, monkeypatch):
    monkeypatch.setattr("layer3_infer.analysis.open_slide", stopped)

    with pytest.raises(Interrupted):
        run_on(copy)


def test_one_damaged_patch_file_fails_its_slide_and_no_other(
    run_on, cohort_csv, patch_folder, tmp_path
):
    folder = shutil.copytree(patch_folder, tmp_path / "patches")
    (folder / "pink.h5").write_bytes(b"half")

    results, _ = run_on(tmp_path / "out", keep={"green", "pink"}, patch_files=find_by_slide(folder))

    assert {r.slide_id: r.status for r in results} == {"green": "done", "pink": "failed"}
    assert exit_status(results) == 4


def test_one_slide_more_does_not_make_the_folder_forget_its_cohort(bundle, cohort_csv, copy):
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(copy))
    entries = [entry for entry in read_cohort(cohort_csv) if entry.slide_id == "green"]

    run(analysis, units_of(entries), ["green"])

    assert json.loads((copy / "run.json").read_text())["slides"] == ["glass", "green", "pink"]
