"""The result does not depend on how the work was cut: shards, processes, threads, parts."""

from __future__ import annotations

import pytest
from comparing import assert_equal, content
from tiff_slides import write_cohort_folder

from common.cluster import Shard
from common.cohort import read_cohort
from common.config import load
from common.units import units_of
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import preview_path
from layer1_extract.merge import merge
from layer1_extract.pipeline import extract
from layer1_extract.resume import Run

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
METHODS = {
    "dense": ["sampling.method=dense", "sampling.stride=24"],
    "random": ["sampling.per_class=12", "sampling.draws=3"],
}
CODECS = {"raw": [], "jpeg": ["storage.codec=jpeg"], "none": ["storage.codec=none"]}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return read_cohort(write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c"))


@pytest.fixture(scope="module", params=METHODS)
def whole(request, cohort, tmp_path_factory):
    """A folder made in one go, and its settings."""
    out = tmp_path_factory.mktemp(request.param)
    settings = load(ExtractSettings, None, [*SMALL, *METHODS[request.param]])
    extract(units_of(cohort), Run(out, settings))
    return out, settings


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("blocks", [1, 3])
def test_any_number_of_shards_gives_the_same_patches(whole, cohort, tmp_path, shards, blocks):
    out, settings = whole
    units = units_of(cohort, blocks)
    for index in reversed(range(shards)):
        if mine := Shard(index, shards).of(units):
            extract(mine, Run(tmp_path, settings), cohort=cohort)

    assert merge(tmp_path, join=True).exit_status == 0

    assert_equal(content(out), content(tmp_path))


@pytest.mark.parametrize("blocks", [1, 3])
def test_two_processes_give_the_same_patches(whole, cohort, tmp_path, blocks):
    out, settings = whole

    extract(units_of(cohort, blocks), Run(tmp_path, settings), workers=2)
    merge(tmp_path, join=True)

    assert_equal(content(out), content(tmp_path))


def test_one_slide_over_threads_gives_the_same_patches(whole, cohort, tmp_path):
    out, settings = whole

    for entry in cohort:
        extract(units_of([entry]), Run(tmp_path, settings), workers=3)

    assert_equal(content(out), content(tmp_path))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("method", METHODS)
def test_joined_parts_are_the_whole_slide(cohort, tmp_path, method, codec):
    settings = load(ExtractSettings, None, [*SMALL, *METHODS[method], *CODECS[codec]])
    extract(units_of(cohort), Run(tmp_path / "whole", settings))
    extract(units_of(cohort, 3), Run(tmp_path / "cut", settings))
    merge(tmp_path / "cut", join=True)

    assert_equal(content(tmp_path / "whole"), content(tmp_path / "cut"))
    for entry in cohort:
        one, other = (preview_path(tmp_path / side, entry.slide_id) for side in ("whole", "cut"))
        assert one.read_bytes() == other.read_bytes()
