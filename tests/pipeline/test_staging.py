"""The three layers with --scratch and without: the same results, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from colour_model import PINK, write_colour_bundle
from comparing import assert_equal, content, same_heatmaps
from halting import go, waits
from patch_files import write_cohort
from real_command import done, ended, start
from small_cohort import TISSUE, filled
from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide
from waiting import until

from common.cohort import read_cohort
from common.config import load
from common.model_bundle import read_bundle
from common.outcomes import Held
from common.staging import Scratch
from common.staging.copying import copied
from common.staging.owners import own_name
from common.units import units_of
from layer1_extract import pipeline
from layer1_extract.config import ExtractSettings
from layer1_extract.resume import Run
from layer2_train.config import TrainSettings
from layer2_train.pipeline import train
from layer3_infer.analysis import Analysis
from layer3_infer.config import HeatmapSettings
from layer3_infer.pipeline import run as run_heatmaps
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_work import SlideWork
from layer3_infer.spreading import COPIES

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
QUICK = [
    *("network.name=camnet_small", "optimizer={name: adam}", "batch_size=8", "epochs=1"),
    *("bootstrap=20", "split={valid: [patient_001, patient_002], test: [patient_003]}"),
]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return read_cohort(write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c"))


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch")


def settings(*overrides):
    return load(ExtractSettings, None, [*SMALL, *(overrides or ["sampling.per_class=15"])])


def extract(entries, out, scratch=None, *overrides, blocks=1, **options):
    run = Run(out, settings(*overrides), scratch=scratch)
    return pipeline.extract(units_of(entries, blocks), run, **options)[0]


def outcomes(out):
    """What is recorded of each slide, but for what tells the time: HDF5 files of heatmaps do."""
    found = {path.name: json.loads(path.read_text()) for path in (out / "outcomes").iterdir()}
    for values in found.values():
        values["seconds"] = 0
        values["inputs"].pop("heatmap_sha256", None)
    return found


def other_files(out):
    """Bytes of all files but those compared otherwise, and those that tell the time."""
    kept = [path for path in sorted(out.rglob("*")) if path.is_file()]
    names = {"patches", "outcomes"}
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in kept
        if path.parent.name not in names and path.name != "run.json"
    }


def assert_same_extraction(one, other):
    assert_equal(content(one), content(other))
    assert outcomes(one) == outcomes(other)
    assert other_files(one) == other_files(other)


def names_scratch(out, scratch):
    """Files in which the scratch folder is named."""
    word = str(scratch.folder).encode()
    return [path for path in out.rglob("*") if path.is_file() and word in path.read_bytes()]


@pytest.fixture(scope="module")
def in_place(cohort, tmp_path_factory):
    """What is extracted without scratch, by the number of parts."""
    folder = tmp_path_factory.mktemp("in_place")
    for blocks in (1, 3):
        extract(cohort, folder / str(blocks), None, "sampling.method=dense", blocks=blocks)
    return folder


@pytest.mark.parametrize(("blocks", "workers"), [(1, 1), (1, 2), (3, 2)])
def test_extraction_by_scratch_is_the_same_bit_for_bit(
    cohort, in_place, scratch, tmp_path, blocks, workers
):
    out, options = tmp_path / "out", {"blocks": blocks, "workers": workers}
    extract(cohort, out, scratch, "sampling.method=dense", **options)

    assert_same_extraction(in_place / str(blocks), out)
    assert names_scratch(out, scratch) == []
    assert list(scratch.folder.iterdir()) == []


def test_each_slide_is_read_from_shared_storage_once(cohort, scratch, tmp_path):
    copies = []

    def copy(source, target):
        copies.append(source)
        return copied(source, target)

    extract(cohort, tmp_path / "out", replace(scratch, copy=copy), blocks=1)

    slides = [path for path in copies if path.suffix == ".tif"]
    assert sorted(slides) == sorted(entry.path for entry in cohort)
    assert sorted(path.stem for path in copies if path.suffix == ".h5") == [
        entry.slide_id for entry in cohort
    ]


def test_a_result_that_arrives_damaged_fails_its_slide_and_no_other(cohort, scratch, tmp_path):
    victim = cohort[1].slide_id
    extract(cohort[1:2], tmp_path / "out", scratch)
    before = (tmp_path / "out" / "patches" / f"{victim}.h5").read_bytes()

    def copy(source, target):
        sent = copied(source, target)
        if source.name == f"{victim}.h5":
            target.write_bytes(b"damaged")
        return sent

    found = extract(
        cohort, tmp_path / "out", replace(scratch, copy=copy), workers=1, overwrite=True
    )

    assert {one.slide_id: one.status for one in found} == {
        entry.slide_id: "failed" if entry.slide_id == victim else "done" for entry in cohort
    }
    (failed,) = [one for one in found if one.status == "failed"]
    assert failed.reason.startswith(str(tmp_path / "out" / "patches" / f"{victim}.h5: sha256"))
    assert failed.exit_status == 3
    aside = tmp_path / "out" / "patches" / "set_aside" / f"{victim}.h5"
    assert len(aside.read_bytes()) == len(before)
    assert list(scratch.folder.iterdir()) == []


def test_a_scratch_that_vanishes_in_the_middle_costs_no_slide(cohort, in_place, scratch, tmp_path):
    done_before = []

    def copy(source, target):
        done_before.append(source)
        if len(done_before) == 3:
            shutil.rmtree(scratch.folder)
        return copied(source, target)

    broken = replace(scratch, copy=copy)
    found = extract(cohort, tmp_path / "out", broken, "sampling.method=dense")

    assert [outcome.status for outcome in found] == ["done"] * 3
    assert_same_extraction(in_place / "1", tmp_path / "out")


def command(cohort_folder, out, scratch, *words):
    chosen = [word for one in SMALL for word in ("--set", one)]
    options = ("--out", out, "--scratch", scratch.folder, *chosen)
    return ("extract", cohort_folder, *options, "--set", "sampling.method=dense", *words)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
def test_what_is_stopped_in_the_middle_leaves_nothing_for_long(
    cohort, in_place, scratch, tmp_path, halt, how
):
    words = command(cohort[0].path.parent, tmp_path / "out", scratch, "--workers", "2")
    middle = halt("common.patch_file.writer:PatchWriter.append", 2)
    middle.ask()
    stride = ("--set", "sampling.stride=8")
    process = start(*words, *stride, env={**os.environ, **middle.environment})
    (halted,) = middle.halted()
    assert list(scratch.folder.glob("camnet.*/results/*"))
    os.kill(process.pid, how)
    until(lambda: how == signal.SIGKILL or waits(halted, how))
    go(halted)
    ended(process)  # and all it started, which speak through it
    if how == signal.SIGTERM:
        assert list(scratch.folder.iterdir()) == []
    done(*words, "--overwrite")

    assert list(scratch.folder.iterdir()) == []
    assert_equal(content(in_place / "1"), content(tmp_path / "out"))


def test_two_runs_at_once_share_a_scratch_folder(cohort, in_place, scratch, tmp_path):
    folder = cohort[0].path.parent
    calls = [
        start(*command(folder, tmp_path / "out", scratch, "--blocks", "3", "--shard", f"{i}/2"))
        for i in range(2)
    ]
    for process in calls:
        assert ended(process).returncode == 0

    assert_equal(content(in_place / "3"), content(tmp_path / "out"))
    assert list(scratch.folder.iterdir()) == []


def test_a_dry_run_says_what_would_be_copied_and_copies_nothing(cohort, scratch, tmp_path):
    words = command(cohort[0].path.parent, tmp_path / "out", scratch, "--dry-run")

    said = done(*words).stdout

    assert f"scratch {scratch.folder}" in said
    assert "3 slides" in said
    assert list(scratch.folder.iterdir()) == []


@pytest.fixture(scope="module")
def heatmap_of(tmp_path_factory):
    """Analyse two slides into a folder."""
    folder = tmp_path_factory.mktemp("heatmaps")
    write_slide(folder / "slides" / "pink.tif", filled((TISSUE, PINK)), 0.5)
    write_slide(folder / "slides" / "noisy.tif", tissue_on_glass(), 0.5)
    write_colour_bundle(folder / "bundle", 32, 0.5)
    entries = read_cohort(folder / "slides")

    def analysed(out, scratch=None, blocks=1, **options):
        bundle = read_bundle(folder / "bundle")
        analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(out), None, 2, scratch=scratch)
        names = [entry.slide_id for entry in entries]
        return run_heatmaps(analysis, units_of(entries, blocks), names, **options)[0]

    analysed(folder / "in_place")
    analysed(folder / "in_parts", blocks=3)
    return analysed, folder


def assert_same_files(one, other):
    """All but what tells the time; outcomes without seconds."""
    first, second = other_files(one), other_files(other)
    assert sorted(first) == sorted(second)
    for name in first:
        if not name.endswith((".h5", "slides.csv", ".pdf")):
            assert first[name] == second[name], name


@pytest.mark.parametrize(("before", "blocks"), [("in_place", 1), ("in_parts", 3)])
def test_heatmaps_by_scratch_are_the_same_bit_for_bit(
    heatmap_of, scratch, tmp_path, before, blocks
):
    analysed, in_place = heatmap_of[0], heatmap_of[1] / before
    results = analysed(tmp_path / "out", scratch, blocks=blocks)

    assert all(result.status == "done" for result in results)
    same_heatmaps(in_place, tmp_path / "out", ("pink", "noisy"))
    assert outcomes(in_place) == outcomes(tmp_path / "out")
    assert_same_files(in_place, tmp_path / "out")
    assert names_scratch(tmp_path / "out", scratch) == []
    assert list(scratch.folder.iterdir()) == []


def test_a_dry_run_of_heatmaps_says_what_would_be_copied(heatmap_of, scratch, tmp_path):
    folder = heatmap_of[1]
    words = ("heatmap", folder / "slides", "--model", folder / "bundle", "--out", tmp_path / "out")

    said = done(*words, "--scratch", scratch.folder, "--dry-run", layer="layer3_infer").stdout

    assert f"scratch {scratch.folder}" in said
    assert "2 slides" in said.splitlines()[-1]
    assert list(scratch.folder.iterdir()) == []


def test_a_heatmap_whose_copy_is_lost_is_made_from_the_slide(heatmap_of, scratch, tmp_path, caplog):
    analysed, in_place = heatmap_of[0], heatmap_of[1] / "in_place"

    def copy(source, target):
        sent = copied(source, target)
        if source.name == "pink.heatmap.h5":
            (slide,) = scratch.folder.glob("camnet.*/*/data/pink.tif")
            slide.unlink()
            raise RuntimeError("the disk is gone")
        return sent

    (_, pink) = analysed(tmp_path / "out", replace(scratch, copy=copy))

    assert pink.status == "done"
    assert "done once more without --scratch" in caplog.text
    same_heatmaps(in_place, tmp_path / "out", ("pink", "noisy"))
    assert list(scratch.folder.iterdir()) == []


@pytest.mark.parametrize(("before", "blocks"), [("in_place", 1), ("in_parts", 3)])
def test_what_is_answered_of_a_copy_that_is_damaged_meanwhile_is_no_result(
    heatmap_of, scratch, tmp_path, monkeypatch, caplog, before, blocks
):
    """No error tells of it, and its answers are on disk already."""
    analysed, in_place = heatmap_of[0], heatmap_of[1] / before
    take = SlideWork.take

    def wrong(work, answers):
        if work.desk is not None:
            answers = Held(1 - answers())
            with next(scratch.folder.glob(f"camnet.*/*/data/{work.unit.entry.path.name}")).open(
                "ab"
            ) as stream:
                stream.write(b"damage")
        take(work, answers)
        if not work.over:
            work.save()

    monkeypatch.setattr(SlideWork, "take", wrong)
    analysed(tmp_path / "out", scratch, blocks=blocks)

    assert caplog.text.count("done once more without --scratch") == 2 * blocks
    same_heatmaps(in_place, tmp_path / "out", ("pink", "noisy"))
    assert list((tmp_path / "out" / "unfinished").iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_slides_than_foreseen_lie_on_scratch_at_a_time(
    heatmap_of, scratch, tmp_path, workers
):
    folder, slides, lying = heatmap_of[1], tmp_path / "slides", []
    slides.mkdir()
    for number in range(12):
        shutil.copy(folder / "slides" / "pink.tif", slides / f"{number}.tif")

    def copy(source, target):
        if target.is_relative_to(scratch.folder):
            lying.append(len({path.name for path in scratch.folder.glob("camnet.*/*/data/*.tif")}))
        return copied(source, target)

    analysis = Analysis(
        read_bundle(folder / "bundle"),
        HeatmapSettings(batch_size=4),
        ResultsFolder(tmp_path / "out"),
        workers=workers,
        scratch=replace(scratch, copy=copy),
    )
    entries = read_cohort(slides)
    run_heatmaps(analysis, units_of(entries, 1), [entry.slide_id for entry in entries])

    assert len(lying) == 12
    assert max(lying) <= COPIES


def test_a_run_of_heatmaps_removes_what_its_dead_processes_left(heatmap_of, scratch, tmp_path):
    dead = own_name().split(".")
    dead[-2] = "1"  # a process of this number began then, and is no more
    (scratch.folder / ".".join(dead)).mkdir(0o700)
    heatmap_of[0](tmp_path / "out", scratch)

    assert list(scratch.folder.iterdir()) == []


def test_a_training_by_scratch_gives_the_same_network(tmp_path, scratch):
    patches = write_cohort(tmp_path / "patches")
    chosen = load(TrainSettings, overrides=QUICK)
    train(chosen, patches, tmp_path / "one")
    train(chosen, patches, tmp_path / "other", scratch=scratch.folder)

    one, other = (read_bundle(tmp_path / name / "bundle") for name in ("one", "other"))
    weights = [bundle.load_network().get_weights() for bundle in (one, other)]
    for first, second in zip(*weights, strict=True):
        assert np.array_equal(first, second)
    assert one.manifest.metrics == other.manifest.metrics
    for name in ("splits.csv", "metrics.json", "config.resolved.yaml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    assert names_scratch(tmp_path / "other", scratch) == []
    assert list(scratch.folder.iterdir()) == []
