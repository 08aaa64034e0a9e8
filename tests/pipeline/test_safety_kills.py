"""Whatever ends extraction, and whenever: the same command gives the undisturbed result."""

from __future__ import annotations

import os
import signal

import pytest
from halting import go, waits
from killing import chance_of, every_way, kill_and_finish, undisturbed
from real_command import done, ended, kill, start
from results_folder import age_traces, assert_same_results, assert_sound, traces
from tiff_slides import write_cohort_folder
from waiting import until

from common.cohort import read_cohort, write_cohort

WAYS = [way for way in every_way() if way[-4:] == ("--blocks", "1", "--workers", "2")][::3]
"""Dense and raw, random and JPEG, in two processes; the others are for benchmarks/kills.py."""

BASE = ("--set", "patch.size=32", "--set", "patch.mpp=0.5", "--set", "sampling.method=dense")
WORDS = (*BASE, "--set", "tissue.min_area_um2=1000", "--set", "tissue.close_um=16")
BUSY = (*WORDS, "--set", "sampling.stride=12")
"""Two batches of patches from each slide."""

IN_THE_MIDDLE = ("common.patch_file.writer:PatchWriter.append", 2)


@pytest.fixture(scope="module")
def mosaic(shared_data, tmp_path_factory):
    """A slide of each centre of the mosaic."""
    entries = read_cohort(shared_data / "mosaic")
    path = tmp_path_factory.mktemp("mosaic") / "cohort.csv"
    write_cohort([entries[at] for at in (0, 3, 6)], path)
    return path


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    return write_cohort_folder(tmp_path_factory.mktemp("slides") / "cohort", slides=3)


@pytest.fixture(scope="module")
def whole(slides, tmp_path_factory):
    """The undisturbed result of `BUSY`."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done("extract", slides, "--out", out, *BUSY)
    return out


@pytest.fixture
def begun(halt, slides, tmp_path):
    """Starts an extraction; it, and the process of it that halted in the middle of a file."""

    def begin(*words):
        middle = halt(*IN_THE_MIDDLE)
        middle.ask()
        environment = {**os.environ, **middle.environment}
        process = start("extract", slides, "--out", tmp_path, *BUSY, *words, env=environment)
        return process, *middle.halted()

    return begin


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("words", WAYS, ids=lambda words: "-".join(words[5:]))
def test_killed_at_random_moments_the_same_command_gives_the_undisturbed_result(
    mosaic, tmp_path, words
):
    way = undisturbed(mosaic, tmp_path / "undisturbed", words)

    kill_and_finish(mosaic, tmp_path / "killed", way, chance_of(way.name), kills=3)


def test_killed_in_the_middle_of_a_file_no_reader_sees_it(begun, slides, whole, tmp_path):
    process, _ = begun("--workers", "1")
    kill(process)

    assert traces(tmp_path)
    assert list((tmp_path / "patches").glob("[!.]*.h5")) == []
    done("extract", slides, "--out", tmp_path, *BUSY)
    age_traces(tmp_path, 25 * 3600)
    done("extract", slides, "--out", tmp_path, *BUSY)
    assert traces(tmp_path) == []
    assert_same_results(tmp_path, whole)


@pytest.mark.parametrize(
    ("number", "workers", "status", "to"),
    [
        (signal.SIGTERM, 1, 75, os.kill),
        (signal.SIGTERM, 2, 75, os.killpg),
        (signal.SIGUSR1, 2, 75, os.kill),
        (signal.SIGINT, 1, 130, os.killpg),
        (signal.SIGINT, 2, 130, os.killpg),
    ],
)
def test_asked_to_stop_it_leaves_nothing_half_done_and_goes_on(
    begun, slides, whole, tmp_path, number, workers, status, to
):
    process, halted = begun("--workers", workers)
    to(process.pid, number)
    until(lambda: waits(halted, number) or waits(halted, signal.SIGTERM))
    go(halted)
    result = ended(process)

    assert result.returncode == status, result.stderr
    assert "the same command goes on from what is finished" in result.stderr
    assert "Traceback" not in result.stderr
    assert traces(tmp_path) == []
    done("extract", slides, "--out", tmp_path, *BUSY)
    assert_same_results(tmp_path, whole)


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]], ids=["resume", "overwrite"])
def test_four_processes_given_the_same_slides_end_with_the_same_files(
    slides, whole, tmp_path, overwrite
):
    together = [start("extract", slides, "--out", tmp_path, *BUSY, *overwrite) for _ in range(4)]

    for result in map(ended, together):
        assert result.returncode == 0, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
    assert traces(tmp_path) == []
    assert_same_results(tmp_path, whole)
    assert_sound(tmp_path)


def test_one_of_two_processes_at_the_same_slides_may_be_killed(begun, slides, whole, tmp_path):
    one, _ = begun()
    other = start("extract", slides, "--out", tmp_path, *BUSY)
    until(lambda: any((tmp_path / "patches").glob("[!.]*.h5")))
    kill(one)

    assert ended(other).returncode == 0
    assert_same_results(tmp_path, whole)
    assert_sound(tmp_path)
    age_traces(tmp_path, 25 * 3600)
    done("extract", slides, "--out", tmp_path, *BUSY)
    assert traces(tmp_path) == []


def test_a_worker_that_is_killed_costs_no_slide(begun, slides, whole, tmp_path):
    process, worker = begun("--workers", "2")
    assert worker != process.pid
    os.kill(worker, signal.SIGKILL)

    result = ended(process)

    assert result.returncode == 0, result.stdout + result.stderr
    assert_same_results(tmp_path, whole)
    age_traces(tmp_path, 25 * 3600)
    done("extract", slides, "--out", tmp_path, *BUSY)
    assert traces(tmp_path) == []
