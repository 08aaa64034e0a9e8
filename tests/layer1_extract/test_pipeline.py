from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from project import ROOT
from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide

from common.cluster import Shard
from common.cohort import SlideEntry, read_cohort, write_cohort
from common.config import load
from common.errors import ConfigError
from common.outcomes import exit_status
from common.patch_file.reader import PatchFile
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import patch_path
from layer1_extract.pipeline import extract, finished_outcomes

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return read_cohort(write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c"))


def settings(*overrides):
    return load(ExtractSettings, None, [*SMALL, "sampling.per_class=15", *overrides])


def content(out):
    """Every dataset of every patch file, by file and name."""
    found = {}
    for path in sorted((out / "patches").glob("*.h5")):
        with h5py.File(path) as file:
            found[path.name] = {name: np.asarray(file[name]) for name in file}
    return found


def assert_equal(one, other):
    assert list(one) == list(other)
    for name in one:
        assert list(one[name]) == list(other[name])
        for dataset, values in one[name].items():
            assert np.array_equal(values, other[name][dataset], equal_nan=values.dtype.kind == "f")


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


def test_killed_in_the_middle_of_a_slide_and_run_again_gives_the_same_patches(cohort, tmp_path):
    write_cohort(cohort, tmp_path / "cohort.csv")
    overrides = [*SMALL, "sampling.method=dense", "sampling.stride=4"]
    extract(cohort, tmp_path / "whole", load(ExtractSettings, None, overrides))
    words = [word for override in overrides for word in ("--set", override)]
    command = [sys.executable, "-m", "layer1_extract", "extract", str(tmp_path / "cohort.csv")]
    command += ["--out", str(tmp_path / "out"), "--workers", "1", *words]

    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        while process.poll() is None and not list(tmp_path.glob("out/patches/.*.partial")):
            time.sleep(0.005)
        process.kill()

    assert process.returncode == -signal.SIGKILL
    assert content(tmp_path / "out") == {}
    outcomes, kept = extract(cohort, tmp_path / "out", load(ExtractSettings, None, overrides))
    assert (len(outcomes), kept) == (3, 0)
    assert_equal(content(tmp_path / "whole"), content(tmp_path / "out"))


def test_a_slide_that_changed_is_done_anew(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("s", path, slide_label="negative")
    extract([entry], tmp_path / "out", settings())
    write_slide(path, tissue_on_glass(seed=5))

    assert finished_outcomes([entry], tmp_path / "out", settings()) == {}


def test_another_configuration_in_the_same_folder_is_refused(cohort, tmp_path):
    extract(cohort[:1], tmp_path, settings())

    with pytest.raises(ConfigError, match=r"sampling\.seed: 0 there, 1 here"):
        extract(cohort[:1], tmp_path, settings("sampling.seed=1"))

    _, kept = extract(cohort[:1], tmp_path, settings("sampling.seed=1"), overwrite=True)
    assert kept == 0


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
