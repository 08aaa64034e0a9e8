from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
from comparing import assert_equal, content
from project import ROOT
from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide

from common.cluster import Shard
from common.cohort import SlideEntry, read_cohort, write_cohort
from common.config import load
from common.errors import ConfigError, ContractError, Interrupted, SlideError
from common.outcomes import exit_status, read_outcome, write_outcome
from common.patch_file.folder import patch_paths
from common.patch_file.reader import PatchFile
from common.run_folder import claim
from common.slide_changes import seen_of
from common.units import units_of
from layer1_extract import pipeline
from layer1_extract.board import open_board
from layer1_extract.cohort_record import recorded_cohort
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide, patch_path, preview_path
from layer1_extract.left import left_of
from layer1_extract.merge import merge
from layer1_extract.resume import Run
from layer1_extract.running import running
from layer1_extract.status import status

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]


DENSE = load(ExtractSettings, None, [*SMALL, "sampling.method=dense"])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return read_cohort(write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c"))


def settings(*overrides):
    return load(ExtractSettings, None, [*SMALL, "sampling.per_class=15", *overrides])


def extract(entries, out, chosen, *, blocks=1, **options):
    return pipeline.extract(units_of(entries, blocks), Run(out, chosen), **options)


def finished(entries, out, chosen):
    return pipeline.finished_before(units_of(entries), Run(out, chosen))


def would_keep(entries, out, chosen):
    return pipeline.would_keep(units_of(entries), Run(out, chosen))


@pytest.mark.parametrize("method", ["random", "dense"])
def test_in_one_go_in_shards_or_in_processes_gives_the_same_patches(cohort, tmp_path, method):
    chosen = load(ExtractSettings, None, [*SMALL, f"sampling.method={method}"])
    extract(cohort, tmp_path / "whole", chosen)
    for index in (2, 0, 1):
        extract(Shard(index, 3).of(cohort), tmp_path / "shards", chosen)
    extract(cohort, tmp_path / "workers", chosen, workers=2)

    assert_equal(content(tmp_path / "whole"), content(tmp_path / "shards"))
    assert_equal(content(tmp_path / "whole"), content(tmp_path / "workers"))


def test_a_second_run_keeps_finished_slides_and_does_the_rest(cohort, tmp_path):
    extract(cohort[:1], tmp_path, settings())
    before = patch_path(tmp_path, cohort[0].slide_id).stat().st_mtime_ns

    outcomes, kept = extract(cohort, tmp_path, settings())

    assert kept == 1
    assert [outcome.status for outcome in outcomes] == ["done"] * 3
    assert patch_path(tmp_path, cohort[0].slide_id).stat().st_mtime_ns == before


def test_a_truncated_patch_file_is_not_taken_for_done(cohort, tmp_path):
    extract(cohort, tmp_path / "whole", settings())
    shutil.copytree(tmp_path / "whole", tmp_path / "out")
    path = patch_path(tmp_path / "out", cohort[1].slide_id)
    path.write_bytes(path.read_bytes()[:-5000])

    _, kept = extract(cohort, tmp_path / "out", settings())

    assert kept == 2
    assert_equal(content(tmp_path / "whole"), content(tmp_path / "out"))


def test_killed_in_the_middle_of_a_slide_and_run_again_gives_the_same_patches(
    cohort, halt, tmp_path
):
    write_cohort(cohort, tmp_path / "cohort.csv")
    overrides = [*SMALL, "sampling.method=dense", "sampling.stride=8"]
    extract(cohort, tmp_path / "whole", load(ExtractSettings, None, overrides))
    words = [word for override in overrides for word in ("--set", override)]
    command = [sys.executable, "-m", "layer1_extract", "extract", str(tmp_path / "cohort.csv")]
    command += ["--out", str(tmp_path / "out"), "--workers", "1", *words]

    middle = halt("common.patch_file.writer:PatchWriter.append", 2)
    middle.ask()
    environment = {**os.environ, **middle.environment}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        assert middle.halted() == [process.pid]
        process.kill()

    assert list(tmp_path.glob("out/patches/.*.partial"))
    assert content(tmp_path / "out") == {}
    outcomes, kept = extract(cohort, tmp_path / "out", load(ExtractSettings, None, overrides))
    assert (len(outcomes), kept) == (3, 0)
    assert_equal(content(tmp_path / "whole"), content(tmp_path / "out"))


def test_a_slide_that_changed_is_done_anew(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("s", path, slide_label="negative")
    extract([entry], tmp_path / "out", settings())
    write_slide(path, tissue_on_glass(seed=5))

    assert finished([entry], tmp_path / "out", settings()) == {}


@pytest.mark.parametrize(
    "changes",
    [{"patient": "other"}, {"split": "test"}, {"slide_label": ""}, {"centre": "9"}],
)
def test_what_the_cohort_says_now_decides_and_not_what_it_said(cohort, tmp_path, changes):
    negative = cohort[1]
    extract([negative], tmp_path, settings())

    assert list(finished([negative], tmp_path, settings())) == [negative.slide_id]
    assert finished([replace(negative, **changes)], tmp_path, settings()) == {}


def test_a_corrected_annotation_gives_new_labels(cohort, tmp_path):
    xml = tmp_path / "corrected.xml"
    xml.write_bytes(cohort[0].annotation.read_bytes())
    entry = replace(cohort[0], annotation=xml)
    extract([entry], tmp_path / "out", settings())
    xml.write_text(xml.read_text().replace('"448"', '"440"'))

    _, kept = extract([entry], tmp_path / "out", settings())

    assert kept == 0


def test_an_outcome_of_before_never_stands_for_files_of_now(cohort, tmp_path, monkeypatch):
    extract(cohort[:1], tmp_path, settings())

    def killed(*_):
        raise Interrupted("killed after the patch file, before the outcome")

    with monkeypatch.context() as patch:
        patch.setattr("layer1_extract.pipeline.write_outcome", killed)
        with pytest.raises(Interrupted):
            extract(cohort[:1], tmp_path, settings("sampling.per_class=3"), overwrite=True)

    (outcome,), kept = extract(cohort[:1], tmp_path, settings("sampling.per_class=3"))
    assert (kept, outcome.counts["kept"]) == (0, 6)


def test_a_missing_preview_is_made_again(cohort, tmp_path):
    extract(cohort[:1], tmp_path, settings())
    preview_path(tmp_path, cohort[0].slide_id).unlink()

    extract(cohort[:1], tmp_path, settings())

    assert preview_path(tmp_path, cohort[0].slide_id).exists()


def test_what_is_left_of_a_slide_that_now_fails_is_set_aside(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("s", path, slide_label="negative")
    extract([entry], tmp_path / "out", settings())
    path.write_text("broken")

    (outcome,), _ = extract([entry], tmp_path / "out", settings())

    old = patch_path(tmp_path / "out", "s")
    assert outcome.status == "failed"
    assert not old.exists()
    assert (old.parent / "set_aside" / old.name).exists()


def test_replacing_leaves_no_file_of_another_configuration_behind(cohort, tmp_path):
    extract(cohort, tmp_path, settings())

    extract(cohort[:1], tmp_path, settings("sampling.seed=1"), overwrite=True)

    assert [path.stem for path in (tmp_path / "patches").glob("*.h5")] == [cohort[0].slide_id]
    assert len(list((tmp_path / "patches" / "set_aside").glob("*.h5"))) == 3


def test_another_configuration_in_the_same_folder_is_refused(cohort, tmp_path):
    extract(cohort[:1], tmp_path, settings())

    with pytest.raises(ConfigError, match=r"sampling\.seed: 0 there, 1 here"):
        extract(cohort[:1], tmp_path, settings("sampling.seed=1"))

    _, kept = extract(cohort[:1], tmp_path, settings("sampling.seed=1"), overwrite=True)
    assert kept == 0


def test_a_configuration_that_gave_nothing_makes_way_for_another(slide, tmp_path):
    out, away = tmp_path / "out", tmp_path / "away.tif"
    slide.path.rename(away)
    extract([slide], out, settings())
    away.rename(slide.path)
    other = settings("sampling.seed=1")

    with running(out, "s"), pytest.raises(ConfigError, match=r"sampling\.seed"):
        extract([slide], out, other)
    assert would_keep([slide], out, other) == {}
    (outcome,), _ = extract([slide], out, other)

    assert outcome.status == "done"
    assert merge(out).exit_status == 0
    for refused in (extract, would_keep):
        with pytest.raises(ConfigError, match=r"sampling\.seed"):
            refused([slide], out, settings())


def test_a_run_stops_where_another_overwrote_its_configuration(cohort, tmp_path, monkeypatch):
    def overtaken(*arguments, **options):
        claim(tmp_path, settings("sampling.seed=1"), overwrite=True)
        return extract_slide(*arguments, **options)

    monkeypatch.setattr("layer1_extract.pipeline.extract_slide", overtaken)
    with pytest.raises(ConfigError, match=r"sampling\.seed: 1 there, 0 here"):
        extract(cohort, tmp_path, settings())

    assert len(patch_paths(tmp_path)) == 1
    with pytest.raises(ContractError, match="another configuration"):
        merge(tmp_path, cohort=cohort[0].path)


def test_a_bad_slide_fails_alone_and_is_tried_again(cohort, tmp_path):
    bad = SlideEntry("bad", tmp_path / "bad.tif")
    (tmp_path / "bad.tif").write_text("not a slide")

    outcomes, _ = extract([bad, *cohort], tmp_path / "out", settings())

    assert [outcome.status for outcome in outcomes] == ["failed", "done", "done", "done"]
    assert exit_status(outcomes) == 3
    assert "bad.tif" in outcomes[0].reason
    assert not patch_path(tmp_path / "out", "bad").exists()

    write_slide(tmp_path / "bad.tif", tissue_on_glass())
    outcomes, kept = extract([bad, *cohort], tmp_path / "out", settings())
    assert (kept, outcomes[0].status) == (3, "done")


@pytest.mark.real_data
def test_malformed_files_are_named_and_the_good_slides_finished(shared_data, tmp_path):
    shutil.copytree(shared_data / "malformed", tmp_path / "in")
    write_slide(tmp_path / "in" / "good.tif", tissue_on_glass())
    write_slide(tmp_path / "in" / "no scale.tif", tissue_on_glass(), mpp=None)

    entries = read_cohort(tmp_path / "in")
    outcomes, _ = extract(entries, tmp_path / "out", settings())

    assert exit_status(outcomes) == 3
    for outcome, entry in zip(outcomes, entries, strict=True):
        if outcome.slide_id == "good":
            assert outcome.status == "done"
        elif outcome.slide_id == "small":  # a valid slide of 16 x 16 px
            assert (outcome.status, outcome.exit_status) == ("empty", 0)
            assert "choose a smaller patch" in outcome.reason
        else:
            assert (outcome.status, outcome.exit_status) == ("failed", 3)
            assert f"{entry.path.name}: " in outcome.reason
            assert ": expected " in outcome.reason
    assert len(PatchFile(patch_path(tmp_path / "out", "good"))) == 15


@pytest.fixture
def slide(tmp_path):
    path = write_slide(tmp_path / "in" / "s.tif", tissue_on_glass())
    return SlideEntry("s", path, slide_label="negative")


def files(out):
    return {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()}


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_slide_that_vanished_fails_and_loses_nothing(slide, tmp_path, blocks, overwrite):
    out, chosen = tmp_path / "out", DENSE
    extract([slide], out, chosen, blocks=blocks)
    before = files(out)
    slide.path.rename(tmp_path / "away.tif")

    outcomes, kept = extract([slide], out, chosen, blocks=blocks, overwrite=overwrite)

    assert (len(outcomes), kept, exit_status(outcomes)) == (blocks, 0, 3)
    assert all("kept as they are" in outcome.notes[0] for outcome in outcomes)
    assert files(out) == before

    (tmp_path / "away.tif").rename(slide.path)
    outcomes, kept = extract([slide], out, chosen, blocks=blocks)
    assert (kept, exit_status(outcomes)) == (blocks, 0)
    assert files(out) == before


def test_a_slide_out_of_reach_is_none_that_failed_and_is_done_when_it_is_back(slide, tmp_path):
    out, away = tmp_path / "out", tmp_path / "away.tif"
    slide.path.rename(away)
    (far,), _ = extract([slide], out, DENSE)
    with pytest.raises(ContractError, match=f"s is out of reach .host {socket.gethostname()}: "):
        merge(out)
    left = left_of(units_of([slide]), out)
    away.rename(slide.path)
    (found,), _ = extract([slide], out, DENSE)

    assert (far.exit_status, left.units, left.failed) == (3, (0,), set())
    assert (found.status, found.out_of_reach) == ("done", "")
    assert merge(out).exit_status == 0


def test_a_mirax_slide_whose_folder_is_away_is_out_of_reach(tmp_path):
    (tmp_path / "s.mrxs").write_text("of no use without its folder")

    (far,), _ = extract([SlideEntry("s", tmp_path / "s.mrxs")], tmp_path / "out", DENSE)

    assert (far.status, far.out_of_reach) == ("failed", socket.gethostname())


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_slide_that_was_replaced_is_left_and_refused_until_it_is_done_anew(
    slide, tmp_path, blocks
):
    out, units = tmp_path / "out", units_of([slide], blocks)
    extract([slide], out, DENSE, blocks=blocks)
    before = left_of(units, out).units
    write_slide(slide.path, tissue_on_glass()[::-1].copy())
    left = left_of(units, out)
    with pytest.raises(ContractError, match="is of another slide than now"):
        merge(out)
    extract([slide], out, DENSE, blocks=blocks)

    assert (before, left.units, left.changed) == ((), tuple(range(blocks)), {"s"})
    assert merge(out, join=True).exit_status == 0
    assert left_of(units, out).units == ()


@pytest.mark.parametrize("blocks", [1, 3])
def test_an_annotation_that_vanished_loses_no_labels(tmp_path, blocks):
    root, out = write_cohort_folder(tmp_path / "c"), tmp_path / "out"
    extract(read_cohort(root), out, DENSE, blocks=blocks)
    before, drawn = files(out), sorted(root.rglob("*.xml"))
    drawn[0].parent.rename(tmp_path / "away")

    outcomes, kept = extract(read_cohort(root), out, DENSE, blocks=blocks)

    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert (kept, exit_status(outcomes)) == (len(outcomes) - len(failed), 3)
    assert {outcome.slide_id for outcome in failed} == {path.stem for path in drawn}
    assert {path: bytes_ for path, bytes_ in files(out).items() if path in before} == before

    outcomes, _ = extract(read_cohort(root), out, DENSE, blocks=blocks, overwrite=True)
    assert exit_status(outcomes) == 0


def test_slides_that_a_folder_no_longer_holds_are_named_and_kept(tmp_path, caplog):
    root, out = write_cohort_folder(tmp_path / "c"), tmp_path / "out"
    first, *others = read_cohort(root)
    extract([first], out, DENSE)
    extract(others, out, DENSE)
    assert "no longer there" not in caplog.text
    first.path.unlink()

    extract(read_cohort(root), out, DENSE)

    assert "no longer there" in caplog.text
    assert first.slide_id in caplog.text
    assert merge(out).exit_status == 0


def test_a_joined_slide_that_vanished_loses_nothing_either(slide, tmp_path):
    out, chosen = tmp_path / "out", DENSE
    extract([slide], out, chosen, blocks=3)
    merge(out, join=True)
    before = files(out)
    slide.path.rename(tmp_path / "away.tif")

    outcomes, _ = extract([slide], out, chosen, blocks=3)

    assert [outcome.status for outcome in outcomes] == ["failed"] * 3
    assert files(out) == before


def test_the_patches_of_a_slide_that_changed_stay_until_the_new_ones_are_whole(
    slide, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    extract([slide], out, settings())
    old = patch_path(out, "s").read_bytes()
    write_slide(slide.path, tissue_on_glass(seed=5))
    seen = []

    def watching(*arguments, **options):
        seen.append(patch_path(out, "s").read_bytes())
        return extract_slide(*arguments, **options)

    monkeypatch.setattr("layer1_extract.pipeline.extract_slide", watching)
    (outcome,), kept = extract([slide], out, settings())

    assert (outcome.status, kept, seen) == ("done", 0, [old])
    assert patch_path(out, "s").read_bytes() != old


def test_a_whole_file_that_no_longer_holds_is_set_aside_before_its_slide_is_cut(slide, tmp_path):
    out, chosen = tmp_path / "out", DENSE
    extract([slide], out, chosen)
    write_slide(slide.path, tissue_on_glass(seed=5))

    extract([slide], out, chosen, blocks=2)

    assert [path.stem for path in patch_paths(out)] == ["s.part-0-of-2", "s.part-1-of-2"]
    assert (out / "patches" / "set_aside" / "s.h5").exists()


def test_slides_cut_into_another_number_of_parts_are_not_mixed(slide, tmp_path):
    out, chosen = tmp_path / "out", DENSE
    extract([slide], out, chosen, blocks=3)

    for blocks in (1, 2):
        with pytest.raises(ConfigError, match="Give --blocks 3"):
            extract([slide], out, chosen, blocks=blocks)

    extract([slide], out, chosen, blocks=2, overwrite=True)
    assert [path.stem for path in patch_paths(out)] == ["s.part-0-of-2", "s.part-1-of-2"]


@pytest.mark.parametrize("options", [[], ["--overwrite"], ["--blocks", "2"]], ids=str)
def test_two_processes_given_the_same_slides_end_with_right_files(cohort, tmp_path, options):
    write_cohort(cohort, tmp_path / "cohort.csv")
    overrides = [*SMALL, "sampling.method=dense", "sampling.stride=16"]
    chosen, blocks = load(ExtractSettings, None, overrides), 2 if "--blocks" in options else 1
    extract(cohort, tmp_path / "alone", chosen, blocks=blocks)
    words = [word for override in overrides for word in ("--set", override)]
    command = [sys.executable, "-m", "layer1_extract", "extract", str(tmp_path / "cohort.csv")]
    command += ["--out", str(tmp_path / "out"), "--workers", "1", *options, *words]

    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate()[1] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert_equal(content(tmp_path / "alone"), content(tmp_path / "out"))
    assert merge(tmp_path / "out").exit_status == 0
    assert list((tmp_path / "out").rglob("*.partial")) == []
    assert list((tmp_path / "out" / "running").iterdir()) == []


def test_a_failure_does_not_take_away_what_another_process_finished(slide, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def other_first(*arguments, **options):
        extract_slide_and_record(slide, out)
        raise SlideError("s.tif: slide: expected memory, found none")

    def extract_slide_and_record(entry, folder):
        write_outcome(folder, extract_slide(entry, folder, settings()))

    monkeypatch.setattr("layer1_extract.pipeline.extract_slide", other_first)
    (outcome,), _ = extract([slide], out, settings())

    assert outcome.status == "done"
    assert patch_path(out, "s").exists()


def test_a_process_that_dies_leaves_a_failed_outcome_for_its_part(slide, tmp_path):
    run = Run(tmp_path, DENSE)
    unit = units_of([slide], 2)[1]

    with open_board(1) as board:
        outcome = pipeline._died((0, unit), run=run, board=board)
        assert board.read()["share"].tolist() == [1]

    assert read_outcome(tmp_path, "s.part-1-of-2") == outcome
    assert (outcome.status, outcome.exit_status) == ("failed", 3)
    assert (outcome.seen, outcome.out_of_reach) == (seen_of(slide), "")


def test_a_process_that_dies_of_a_slide_that_is_gone_found_it_out_of_reach(slide, tmp_path):
    slide.path.unlink()

    with open_board(1) as board:
        (unit,), run = units_of([slide]), Run(tmp_path, DENSE)
        outcome = pipeline._died((0, unit), run=run, board=board)

    assert outcome.out_of_reach == socket.gethostname()


def test_the_share_of_the_cohort_is_recorded_whole_by_each_task(cohort, tmp_path):
    chosen = settings()
    pipeline.extract(units_of(cohort[:1]), Run(tmp_path, chosen), cohort=cohort)

    assert [entry.slide_id for entry in recorded_cohort(tmp_path)] == [
        entry.slide_id for entry in cohort
    ]
    assert status(tmp_path).data["states"]["missing"] == 2
