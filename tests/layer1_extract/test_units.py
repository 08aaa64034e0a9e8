from __future__ import annotations

import pytest

from common.cohort import SlideEntry
from common.config import load
from common.errors import ConfigError
from layer1_extract.config import ExtractSettings
from layer1_extract.units import Unit, check_blocks, units_of


def test_every_slide_is_cut_into_parts_with_names_of_their_own(tmp_path):
    entries = [SlideEntry(name, tmp_path / f"{name}.tif") for name in "ab"]

    assert [unit.name for unit in units_of(entries)] == ["a", "b"]
    assert [unit.name for unit in units_of(entries, 2)] == [
        "a.part-0-of-2",
        "a.part-1-of-2",
        "b.part-0-of-2",
        "b.part-1-of-2",
    ]


def test_a_part_is_its_share_of_the_file_and_nothing_where_there_is_none(tmp_path):
    (tmp_path / "a.tif").write_bytes(bytes(100))

    assert Unit(SlideEntry("a", tmp_path / "a.tif"), 1, 4).size == 25
    assert Unit(SlideEntry("b", tmp_path / "b.tif")).size == 0


def test_random_sampling_can_be_cut_into_its_draws_and_nothing_else():
    random = load(ExtractSettings, None, ["sampling.draws=3"])
    dense = load(ExtractSettings, None, ["sampling.method=dense"])

    for blocks, settings in [(1, random), (3, random), (7, dense)]:
        check_blocks(blocks, settings)
    with pytest.raises(ConfigError, match="--blocks: expected 3"):
        check_blocks(2, random)
