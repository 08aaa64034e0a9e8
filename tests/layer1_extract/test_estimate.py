from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.cost import BESIDE_S, START_S, Cost
from layer1_extract.estimate import UNIT_S, Cut, planned
from layer1_extract.needs import Need

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


def test_each_slide_takes_its_time_even_where_it_gives_nothing():
    needs = [replace(NEED, slide_id=f"{i}", patches=0, survey_s=0.0) for i in range(100)]

    made = planned(100, needs, COST, DENSE, Cut(blocks=1))

    assert made.cpu_s == pytest.approx(100 * BESIDE_S + made.tasks * START_S)


def test_a_limit_on_the_jobs_of_a_user_is_kept():
    made = planned(100, [NEED], COST, DENSE, Cut(1, 1001, 1, max_tasks=7))

    assert (made.tasks, made.units_per_task) == (7, 15)
