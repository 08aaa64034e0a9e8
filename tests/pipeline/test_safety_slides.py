"""Slides that change, vanish, come back or are bad: each is named, and no other suffers."""

from __future__ import annotations

import os
import shutil

import pytest
from halting import go
from real_command import done, ended, run, start
from results_folder import assert_same_results, traces
from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide

from common.outcomes import read_outcomes

BASE = ("--set", "patch.size=32", "--set", "patch.mpp=0.5", "--set", "sampling.method=dense")
WORDS = (*BASE, "--set", "tissue.min_area_um2=1000", "--set", "tissue.close_um=16")
BUSY = (*WORDS, "--set", "sampling.stride=8", "--workers", "1")
FIRST, SECOND = (f"centre_0/patient_00{number}_node_0.tif" for number in (0, 1))


@pytest.fixture
def cohort(tmp_path):
    return write_cohort_folder(tmp_path / "cohort", slides=2)


def statuses(out):
    return {outcome.slide_id[-10:-7]: outcome.status for outcome in read_outcomes(out)}


def other_slide(path, seed=9):
    return write_slide(path, tissue_on_glass(seed=seed, box=(128, 128, 512, 640)))


@pytest.fixture
def reading(halt):
    """Starts a command, and has it halt with the second batch of patches of three it will read."""

    def begin(*command):
        middle = halt("common.patch_file.writer:PatchWriter.append", 2)
        middle.ask()
        process = start(*command, env={**os.environ, **middle.environment})
        assert middle.halted() == [process.pid]
        return process

    return begin


@pytest.fixture(params=[None, "jpeg"])
def first_larger(request, tmp_path):
    """A cohort whose `FIRST` slide is the larger one, which is begun first."""
    cohort = write_cohort_folder(tmp_path / "cohort", slides=2)
    write_slide(cohort / FIRST, tissue_on_glass(), compression=request.param)
    write_slide(cohort / SECOND, tissue_on_glass(256, 256, (32, 32, 224, 224)), levels=1)
    return cohort


def test_a_slide_that_vanishes_and_comes_back_keeps_what_was_done_with_it(cohort, tmp_path):
    out, command = tmp_path / "out", ("extract", tmp_path / "cohort.csv", "--out", tmp_path / "out")
    done("scan", cohort, "--out", tmp_path / "cohort.csv")
    done(*command, *WORDS)
    shutil.copytree(out, tmp_path / "before")
    (cohort / FIRST).rename(tmp_path / "away.tif")

    gone = run(*command, *WORDS)

    assert gone.returncode == 3
    assert "patient_000_node_0.tif" in gone.stdout
    assert "1 done, 0 empty, 1 failed" in gone.stdout
    assert "kept as they are" in gone.stdout
    (tmp_path / "away.tif").rename(cohort / FIRST)
    back = done(*command, *WORDS)
    assert "(2 from an earlier run)" in back.stdout
    assert_same_results(out, tmp_path / "before")


def test_a_slide_that_changed_is_done_anew_and_the_others_are_kept(cohort, tmp_path):
    command = ("extract", cohort, "--out", tmp_path / "out", *WORDS)
    done(*command)
    other_slide(cohort / FIRST)

    said = done(*command)

    assert "(1 from an earlier run)" in said.stdout
    assert "other than before: ['slide_fingerprint']" in said.stderr
    done("extract", cohort, "--out", tmp_path / "fresh", *WORDS)
    assert_same_results(tmp_path / "out", tmp_path / "fresh")


def in_place_of(old, new):
    new.replace(old)


def over(old, new):
    old.write_bytes(new.read_bytes())


@pytest.mark.parametrize("put", [in_place_of, over])
def test_a_slide_that_becomes_another_while_it_is_read_is_not_mixed(
    reading, first_larger, tmp_path, put
):
    cohort = first_larger
    command = ("extract", cohort, "--out", tmp_path / "out", *BUSY)
    process = reading(*command)
    put(cohort / FIRST, other_slide(tmp_path / "new.tif"))
    go(process.pid)

    result = ended(process)

    assert result.returncode == 3, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert statuses(tmp_path / "out") == {"000": "failed", "001": "done"}
    assert len(list((tmp_path / "out" / "patches").glob("*.h5"))) == 1
    done(*command)
    done("extract", cohort, "--out", tmp_path / "fresh", *command[4:])
    assert_same_results(tmp_path / "out", tmp_path / "fresh")


def test_a_slide_cut_short_while_it_is_read_fails_alone(reading, first_larger, tmp_path):
    cohort = first_larger
    command = ("extract", cohort, "--out", tmp_path / "out", *BUSY)
    process = reading(*command)
    os.truncate(cohort / FIRST, 4096)
    go(process.pid)

    result = ended(process)

    assert result.returncode == 3, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert statuses(tmp_path / "out") == {"000": "failed", "001": "done"}
    assert traces(tmp_path / "out") == []
    assert len(list((tmp_path / "out" / "patches").glob("*.h5"))) == 1


@pytest.mark.real_data
@pytest.mark.parametrize("cut", [("--workers", "2"), ("--shard", "0/1", "--blocks", "2")])
def test_bad_slides_are_named_and_the_good_ones_done(shared_data, cohort, tmp_path, cut):
    bad = sorted((shared_data / "malformed").iterdir())
    for path in bad:
        shutil.copy(path, cohort / "centre_0" / f"{path.stem}_{path.name[-4:]}{path.suffix}")
    out = tmp_path / "out"

    result = run("extract", cohort, "--out", out, "--mpp", "0.5", *WORDS, *cut)

    assert result.returncode == 3, result.stderr
    assert "Traceback" not in result.stderr
    found = {}
    for outcome in read_outcomes(out):
        found.setdefault(outcome.status, set()).add(outcome.slide_id)
        assert outcome.status != "failed" or outcome.reason.split(": ")[0] in result.stdout
    assert {name for name in found["done"] if name.startswith("patient")} == {
        "patient_000_node_0",
        "patient_001_node_0",
    }
    assert len(found["failed"]) >= 6
    assert sum(map(len, found.values())) == len(bad) + 2
