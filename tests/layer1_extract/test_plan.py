from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiff_slides import write_cohort_folder

from common.cohort import SlideEntry, read_cohort
from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.cost import BESIDE_S, START_S, Cost
from layer1_extract.needs import Need
from layer1_extract.plan import UNIT_S, Cut, command, plan, planned, submission

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
DENSE = load(ExtractSettings, None, [*SMALL, "sampling.method=dense"])
RANDOM = load(ExtractSettings, None, SMALL)
NEED = Need("a", 1000, 100, 100, source_mpx=0.01, survey_s=1.0)
COST = Cost(read_s=10.0, store_s=5.0, jpeg_bytes=0.5)
"""A patch of `NEED` takes 0.15 s."""


def test_time_and_space_add_up():
    made = planned(2, [NEED, replace(NEED, slide_id="b", patches=300)], COST, DENSE, Cut(blocks=1))

    assert (made.candidates, made.patches) == (2000, 400)
    assert made.cpu_s == pytest.approx(400 * 0.15 + 2 * (2 + BESIDE_S) + START_S)
    assert made.bytes_by_codec["raw"] == 400 * (30_000 + 26)
    assert made.bytes_by_codec["jpeg"] == 400 * (5_000 + 26)


def test_the_wall_time_is_at_least_that_of_the_longest_unit():
    cut = Cut(blocks=1, workers=8)
    needs = [replace(NEED, slide_id=f"{i}", patches=10) for i in range(9)]

    alone = planned(1, [NEED], COST, DENSE, cut)
    many = planned(10, [NEED, *needs], COST, DENSE, cut)

    assert many.wall_s == alone.cpu_s
    assert (
        alone.wall_s - START_S == (alone.cpu_s - START_S) / 8
    )  # one slide alone has all cores, as threads


def test_a_large_slide_is_cut_until_no_part_takes_long():
    large = replace(NEED, patches=1_000_000)

    made = planned(1, [large], COST, DENSE, Cut())

    assert 150_000 / UNIT_S <= made.blocks <= 150_000 / UNIT_S + 1
    assert planned(1, [large], COST, RANDOM, Cut()).blocks == 1
    assert planned(1, [NEED], COST, DENSE, Cut()).blocks == 1
    assert planned(1, [large], COST, DENSE, Cut(blocks=7)).blocks == 7


@given(st.integers(1, 5000), st.integers(1, 40), st.integers(1, 2000), st.integers(1, 50))
def test_the_array_is_never_larger_than_the_cluster_takes(slides, blocks, largest, per_task):
    for wanted in (per_task, None):
        made = planned(slides, [NEED], COST, DENSE, Cut(blocks, largest, wanted))

        assert made.units == slides * blocks
        assert 1 <= made.tasks <= largest  # numbered from 0: the last is MaxArraySize - 1
        assert (made.tasks - 1) * made.units_per_task < made.units
        assert made.tasks * made.units_per_task >= made.units


def test_small_slides_share_a_task():
    needs = [replace(NEED, slide_id=f"{i}") for i in range(100)]

    made = planned(100, needs, COST, DENSE, Cut())

    assert made.units_per_task == 4  # of 17 s each
    assert planned(100, needs, COST, DENSE, Cut(units_per_task=1)).tasks == 100


def test_the_command_is_one_that_a_shell_takes_whatever_the_paths(tmp_path):
    words = command(Path("it's a cohort"), tmp_path / "c d.yaml", ("patch.size=9",), None, 0.25)
    made = planned(6, [NEED], COST, DENSE, Cut(blocks=2, units_per_task=3))

    line = submission(words, made)

    sbatch, array, cpus, wrapped = shlex.split(line)
    assert (sbatch, array, cpus) == ("sbatch", "--array=0-3", "--cpus-per-task=1")
    script = f"printf '%s\\n' {wrapped.removeprefix('--wrap=')}"
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"SLURM_ARRAY_TASK_ID": "3"},
    )
    assert done.stdout.splitlines() == [*words, "--blocks", "2", "--shard", "3/4"]


@pytest.mark.parametrize(("workers", "per_task", "cpus"), [(8, 3, 3), (2, 3, 2), (8, 1, 1)])
def test_a_task_asks_for_the_cores_it_can_use(workers, per_task, cpus):
    made = planned(6, [NEED], COST, DENSE, Cut(1, units_per_task=per_task, workers=workers))

    assert f" --cpus-per-task={cpus} " in submission(["extract"], made)


def test_each_slide_takes_its_time_even_where_it_gives_nothing():
    needs = [replace(NEED, slide_id=f"{i}", patches=0, survey_s=0.0) for i in range(100)]

    made = planned(100, needs, COST, DENSE, Cut(blocks=1))

    assert made.cpu_s == pytest.approx(100 * BESIDE_S + made.tasks * START_S)


def test_one_task_needs_no_array():
    made = planned(3, [NEED], COST, DENSE, Cut(blocks=1, units_per_task=3))

    assert submission(["layer1-extract", "extract"], made) == "layer1-extract extract"


@pytest.mark.parametrize("calibrated", [False, True])
def test_slides_that_cannot_be_read_are_listed_and_the_others_planned(tmp_path, calibrated):
    cohort = read_cohort(write_cohort_folder(tmp_path / "c", slides=2))
    bad = SlideEntry("bad", tmp_path / "bad.tif")

    result = plan([bad, *cohort], DENSE, None, Cut(workers=2), ["run"], calibrated=calibrated)

    assert result.exit_status == 3
    assert list(result.data["failed"]) == ["bad"]
    assert "failed bad: " in result.text
    assert [slide["slide_id"] for slide in result.data["slides"]] == [e.slide_id for e in cohort]
    assert result.data["plan"]["slides"] == 3
    assert result.data["plan"]["patches"] > 100
    assert json.loads(json.dumps(result.data)) == result.data
    assert ("timed here" in result.text) is calibrated
