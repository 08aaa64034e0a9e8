from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest
from comparing import assert_equal, content
from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide

from common.cohort import SlideEntry, read_cohort, write_cohort
from common.config import load
from common.errors import ContractError
from common.outcomes import Outcome, read_outcome, write_outcome
from common.patch_file.folder import patch_paths
from common.units import units_of
from layer1_extract.cohort_record import record_cohort
from layer1_extract.config import ExtractSettings, StorageSettings
from layer1_extract.converting import convert
from layer1_extract.extraction import patch_path
from layer1_extract.merge import merge
from layer1_extract.pipeline import extract
from layer1_extract.resume import Run

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
SETTINGS = load(ExtractSettings, None, [*SMALL, "sampling.method=dense"])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return read_cohort(write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c"))


@pytest.fixture(scope="module")
def finished(cohort, tmp_path_factory):
    """Folders of the whole slides, and of their parts."""
    whole, cut = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("cut")
    extract(units_of(cohort), Run(whole, SETTINGS))
    extract(units_of(cohort, 2), Run(cut, SETTINGS))
    return {1: whole, 2: cut}


@pytest.fixture
def folder(finished, tmp_path):
    def copy(blocks):
        return shutil.copytree(finished[blocks], tmp_path / f"out {blocks}")

    return copy


def forget(out, name):
    patch_path(out, name).unlink()
    (out / "outcomes" / f"{name}.json").unlink()


def test_a_whole_folder_is_gathered(folder, cohort):
    out = folder(1)

    result = merge(out)

    assert (result.exit_status, len(result.data["slides"])) == (0, 3)
    assert (out / "slides.png").exists()
    assert len((out / "outcomes.csv").read_text().splitlines()) == 4


def test_every_missing_slide_and_part_is_named(folder, cohort):
    one, two, three = (entry.slide_id for entry in cohort)
    out = folder(2)
    forget(out, f"{two}.part-1-of-2")
    for part in (0, 1):
        forget(out, f"{three}.part-{part}-of-2")

    with pytest.raises(ContractError) as refused:
        merge(out, join=True)

    assert f"{two}.part-1-of-2 is missing" in str(refused.value)
    assert f"{three}.part-0-of-2 is missing" in str(refused.value)
    assert f"{three}.part-1-of-2 is missing" in str(refused.value)
    assert one not in str(refused.value)
    assert patch_path(out, f"{one}.part-0-of-2").exists()


def test_a_damaged_file_is_named(folder, cohort):
    out = folder(1)
    path = patch_path(out, cohort[1].slide_id)
    path.write_bytes(path.read_bytes()[:-3000])

    with pytest.raises(ContractError, match=cohort[1].slide_id):
        merge(out)


def test_a_file_of_another_configuration_is_refused_by_name(folder, cohort, tmp_path):
    out, slide_id = folder(1), cohort[0].slide_id
    other = load(ExtractSettings, None, [*SMALL, "sampling.method=dense", "labels.tumor_min=0.7"])
    extract(units_of(cohort[:1]), Run(tmp_path / "other", other))
    for kind in ("patches", "outcomes"):
        shutil.copytree(tmp_path / "other" / kind, out / kind, dirs_exist_ok=True)

    with pytest.raises(ContractError, match="config_sha256: another configuration") as refused:
        merge(out)

    assert slide_id in str(refused.value)
    assert not any(entry.slide_id in str(refused.value) for entry in cohort[1:])


def test_a_file_stored_otherwise_is_named_and_done_anew(folder, cohort, tmp_path, finished):
    out, slide_id = folder(1), cohort[0].slide_id
    path = patch_path(out, slide_id)
    convert([path], tmp_path / "jpeg", StorageSettings(codec="jpeg"))
    jpeg = shutil.copy(tmp_path / "jpeg" / path.name, path).read_bytes()

    with pytest.raises(ContractError) as refused:
        merge(out)
    _, kept = extract(units_of(cohort), Run(out, SETTINGS))

    said = f"{path}: codec: expected raw, as configured, found jpeg of quality 95"
    assert said in str(refused.value)
    assert kept == 2
    assert (path.parent / "set_aside" / path.name).read_bytes() == jpeg
    assert merge(out).exit_status == 0
    assert_equal(content(out), content(finished[1]))


@pytest.mark.parametrize("status", [1, 3, 4])
def test_a_failed_slide_is_reported_and_does_not_stop_the_others(folder, status):
    out = folder(1)
    record_cohort(out, [SlideEntry("bad", out / "bad.tif")])
    write_outcome(out, Outcome("bad", "failed", "bad.tif: broken", exit_status=status))

    result = merge(out)

    assert result.exit_status == 3
    assert "failed bad: bad.tif: broken" in result.text
    assert len(patch_paths(out)) == 3


def test_more_slides_that_failed_than_may_leave_all_as_it_is(folder):
    out, names = folder(1), ("bad", "worse")
    record_cohort(out, [SlideEntry(name, out / f"{name}.tif") for name in names])
    for name in names:
        write_outcome(out, Outcome(name, "failed", f"{name}.tif: broken", exit_status=3))

    with pytest.raises(ContractError, match="at most 10% of 5 slides to have failed"):
        merge(out, max_failed=0.1)

    assert not (out / "slides.png").exists()
    assert merge(out).exit_status == 3


def test_what_is_there_of_a_slide_whose_part_failed_is_no_result(folder, cohort):
    out, slide_id = folder(2), cohort[0].slide_id
    patch_path(out, f"{slide_id}.part-1-of-2").unlink()
    failed = Outcome(slide_id, "failed", "broken", exit_status=3, part=1, parts=2)
    write_outcome(out, failed)

    for join in (False, True, True):
        assert merge(out, join=join).exit_status == 3

    assert [path.stem for path in patch_paths(out)] == [entry.slide_id for entry in cohort[1:]]
    assert (out / "patches" / "set_aside" / f"{slide_id}.part-0-of-2.h5").exists()


def test_parts_stay_parts_unless_they_are_to_be_joined(folder):
    out = folder(2)

    assert merge(out).exit_status == 0

    assert len(patch_paths(out)) == 6


def test_joined_slides_are_finished_for_whoever_extracts_again(folder, finished, cohort):
    out = folder(2)
    merge(out, join=True)

    for blocks in (1, 2):
        outcomes, kept = extract(units_of(cohort, blocks), Run(out, SETTINGS))
        assert (len(outcomes), kept) == (3, 3)
    assert_equal(content(out), content(finished[1]))
    assert merge(out, join=True).exit_status == 0


def test_a_joining_that_was_stopped_is_named_and_ended(folder, finished, cohort):
    out, slide_id = folder(2), cohort[0].slide_id
    merge(out, join=True)
    for kind in ("patches", "outcomes"):  # killed before it removed the last part
        suffix = {"patches": "h5", "outcomes": "json"}[kind]
        name = f"{slide_id}.part-1-of-2.{suffix}"
        shutil.copy(finished[2] / kind / name, out / kind / name)

    with pytest.raises(ContractError, match=f"{slide_id} is there both whole and in parts"):
        merge(out)
    assert merge(out, join=True).exit_status == 0

    assert_equal(content(out), content(finished[1]))
    assert read_outcome(out, f"{slide_id}.part-1-of-2") is None


def test_another_cohort_may_be_asked_for(folder, cohort, tmp_path):
    out = folder(1)
    slide = write_slide(tmp_path / "more" / "new.tif", tissue_on_glass())

    with pytest.raises(ContractError, match="new is missing"):
        merge(out, cohort=slide)


@pytest.mark.parametrize("blocks", [1, 2])
def test_slides_that_were_taken_out_of_the_cohort_stay_out_of_training(folder, cohort, blocks):
    out, only = folder(blocks), cohort[0]

    with pytest.raises(ContractError, match="slides: expected those of") as refused:
        merge(out, cohort=only.path)
    before = len(patch_paths(out))
    result = merge(out, cohort=only.path, set_others_aside=True)

    assert all(entry.slide_id in str(refused.value) for entry in cohort[1:])
    assert (before, len(patch_paths(out))) == (3 * blocks, blocks)
    assert len([*(out / "patches" / "set_aside").iterdir()]) == 2 * blocks
    assert [slide["slide_id"] for slide in result.data["slides"]] == [only.slide_id] * blocks
    assert merge(out, cohort=only.path, join=True).exit_status == 0


def test_a_slide_that_was_taken_out_before_it_was_done_is_not_missing(folder, cohort):
    out = folder(1)
    forget(out, cohort[2].slide_id)
    write_cohort(cohort[:2], out / "two.csv")

    with pytest.raises(ContractError, match="is missing"):
        merge(out)
    assert merge(out, cohort=out / "two.csv").exit_status == 0


@pytest.mark.parametrize(("unreadable", "status"), [(5, 0), (40, 3)])
def test_a_slide_in_parts_is_refused_for_its_damage_as_a_whole(folder, cohort, unreadable, status):
    out = folder(2)
    name = f"{cohort[0].slide_id}.part-0-of-2"
    outcome = read_outcome(out, name)
    counts = {**outcome.counts, "unreadable": unreadable}
    write_outcome(out, replace(outcome, counts=counts))

    result = merge(out)

    assert result.exit_status == status
    assert ("of the patches not to decode" in result.text) == (status == 3)
    assert patch_path(out, name).exists() == (status == 0)


def test_a_copy_that_lost_the_order_of_its_cohorts_is_as_whole_as_before(folder, cohort):
    out = folder(1)
    other = [replace(entry, patient="another") for entry in cohort]
    record_cohort(out, other)
    for path in (out / "cohorts").iterdir():
        latest = {entry.patient for entry in read_cohort(path)} == {"another"}
        os.utime(path, (2 + latest, 2 + latest))

    assert merge(out).exit_status == 0
    write_cohort(other, out / "other.csv")
    with pytest.raises(ContractError, match="is of another patient than now"):
        merge(out, cohort=out / "other.csv")
