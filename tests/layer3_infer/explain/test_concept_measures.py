from __future__ import annotations

import h5py
import numpy as np
import pytest
from dark_nuclei import MPP, SIZE, paint
from patch_files import write_patch_file

from common.patch_file.reader import PatchFile
from common.patches import PatchSpec
from layer3_infer.explain.concept_measures import (
    MeasuringTask,
    died,
    measured,
    read_measures,
    run_task,
    write_measures,
)
from layer3_infer.explain.concept_sample import sample
from layer3_infer.explain.measures import MEASURES

AREA = list(MEASURES).index("nuclei_area_sum")
NUMBER = list(MEASURES).index("nuclei_number")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A sampled slide, and the painted area of the nuclei of each of its patches, um2."""
    patches, areas, _ = paint(8, np.random.default_rng(0))
    folder = tmp_path_factory.mktemp("patches")
    path = write_patch_file(folder, "a", patches=patches, size=SIZE, mpp=MPP)
    slide = sample([PatchFile(path)], PatchSpec(SIZE, MPP), 100, 0)
    return slide, areas[slide.row] * MPP**2


@pytest.fixture
def task(drawn, tmp_path):
    return MeasuringTask(drawn[0], tmp_path / "measures" / "a.csv")


def test_the_nuclei_of_each_patch_are_measured(drawn):
    slide, areas = drawn

    values = measured(slide)

    np.testing.assert_allclose(values[:, AREA], areas, rtol=0.25)
    assert (values[:, NUMBER] == 4).all()


def test_what_is_written_is_read_back_exactly(drawn, tmp_path):
    slide, _ = drawn
    values = np.random.default_rng(0).normal(size=(len(slide), len(MEASURES)))
    values[2, 3] = np.nan

    write_measures(tmp_path / "a.csv", slide, values)

    np.testing.assert_array_equal(read_measures(tmp_path / "a.csv", slide), values)


def test_what_was_measured_is_not_measured_again(task):
    assert run_task(task).counts == {"patches": 8}
    values = read_measures(task.path, task.slide)
    write_measures(task.path, task.slide, values + 1)

    run_task(task)

    np.testing.assert_array_equal(read_measures(task.path, task.slide), values + 1)


def test_asked_for_it_everything_is_measured_anew(task):
    run_task(task)
    values = read_measures(task.path, task.slide)
    write_measures(task.path, task.slide, values + 1)

    run_task(MeasuringTask(task.slide, task.path, anew=True))

    np.testing.assert_array_equal(read_measures(task.path, task.slide), values)


@pytest.mark.parametrize("damage", ["cut", "other", "words"])
def test_measures_of_other_patches_or_damaged_ones_are_not_taken(task, damage):
    run_task(task)
    text = task.path.read_text()
    made = {
        "cut": text[: len(text) // 2],
        "other": text.replace(",1,", ",2,", 1),
        "words": text.replace("4.0", "four"),
    }
    task.path.write_text(made[damage])

    assert read_measures(task.path, task.slide) is None


def test_nuclei_that_are_given_are_measured_instead(drawn, tmp_path):
    slide, _ = drawn
    labels = np.zeros((8, SIZE, SIZE), np.uint8)
    labels[:, 10:20, 10:30] = 1
    with h5py.File(tmp_path / f"{slide.files[0].path.stem}.nuclei.h5", "w") as file:
        file["nuclei"] = labels

    values = measured(slide, tmp_path)

    np.testing.assert_allclose(values[:, AREA], 200 * MPP**2)


def test_given_nuclei_that_are_missing_fail_the_slide_by_name(task, tmp_path):
    outcome = run_task(MeasuringTask(task.slide, task.path, nuclei=tmp_path))

    assert outcome.status == "failed"
    assert "a.nuclei.h5" in outcome.reason
    assert outcome.exit_status == 4


def test_a_process_that_died_is_told_by_its_slide(task):
    assert died(task).slide_id == "a"
    assert died(task).exit_status == 1


def test_measures_of_other_nuclei_are_not_taken(drawn, tmp_path):
    slide, _ = drawn
    path, values = tmp_path / "a.csv", np.zeros((len(slide), len(MEASURES)))
    write_measures(path, slide, values, "these")

    assert read_measures(path, slide, "these") is not None
    assert read_measures(path, slide, "others") is None
    assert read_measures(path, slide) is None
