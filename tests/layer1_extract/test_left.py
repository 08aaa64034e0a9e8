from __future__ import annotations

import pytest

from common.cohort import SlideEntry
from common.outcomes import Outcome, write_outcome
from common.parts import parse_part
from common.units import units_of
from layer1_extract.extraction import patch_path
from layer1_extract.left import left_of


def units(folder, blocks=1):
    return units_of([SlideEntry(name, folder / f"{name}.tif") for name in "ab"], blocks)


def told(out, name, status="done"):
    slide_id, part, parts = parse_part(name)
    write_outcome(out, Outcome(slide_id, status, part=part, parts=parts))


def written(out, name):
    path = patch_path(out, name)
    path.parent.mkdir(exist_ok=True)
    path.touch()


def test_everything_is_left_where_there_is_no_folder(tmp_path):
    assert left_of(units(tmp_path), tmp_path / "out") == ([0, 1], set())


@pytest.mark.parametrize("half", [told, written])
def test_a_unit_of_which_only_half_is_there_is_left(half, tmp_path):
    half(tmp_path, "a")

    assert left_of(units(tmp_path), tmp_path) == ([0, 1], set())


@pytest.mark.parametrize("status", ["done", "empty"])
def test_a_unit_with_outcome_and_file_is_not(status, tmp_path):
    told(tmp_path, "a", status)
    written(tmp_path, "a")

    assert left_of(units(tmp_path), tmp_path) == ([1], set())


def test_a_file_that_is_being_written_does_not_count(tmp_path):
    told(tmp_path, "a")
    written(tmp_path, ".a.h5.0123456789abcdef.partial")

    assert left_of(units(tmp_path), tmp_path)[0] == [0, 1]


def test_one_part_that_failed_is_the_whole_slide_until_it_is_tried_again(tmp_path):
    told(tmp_path, "a.part-1-of-3", "failed")
    told(tmp_path, "b.part-0-of-3")
    written(tmp_path, "b.part-0-of-3")

    assert left_of(units(tmp_path, 3), tmp_path) == ([4, 5], {"a"})
    assert left_of(units(tmp_path, 3), tmp_path, retry_failed=True) == ([0, 1, 2, 4, 5], {"a"})


def test_slides_of_other_cohorts_that_failed_are_not_told(tmp_path):
    told(tmp_path, "z", "failed")

    assert left_of(units(tmp_path), tmp_path) == ([0, 1], set())
