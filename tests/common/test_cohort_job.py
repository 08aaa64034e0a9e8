from __future__ import annotations

from dataclasses import replace

from common.array_job import ArrayJob
from common.cohort import SlideEntry, read_cohort
from common.cohort_job import CohortJob


def job_of(folder, slides, left=None, failed=()):
    entries = [SlideEntry(f"s{i}", folder / f"s{i}.tif") for i in range(slides)]
    return CohortJob(entries, 1, ArrayJob.of(slides, 1, 1001, left), frozenset(failed))


def test_every_value_for_a_script_is_on_a_line_of_its_own(tmp_path):
    job = replace(
        job_of(tmp_path / "für alle", 30, left=[1, 2, 7]), strangers=frozenset({"z", "y"})
    )

    lines = job.values().splitlines()

    assert {"array 1-2,7", "tasks 30", "units_left 3", "changed 0"} < {*lines}
    assert [line for line in lines if line.startswith("strangers")] == [
        "strangers y",
        "strangers z",
    ]
    assert lines[-1] == f"folders {tmp_path}/für alle"


def test_all_tasks_can_be_given_the_slides_as_they_are_now(tmp_path):
    job = job_of(tmp_path, 3)
    other = replace(job, entries=[replace(job.entries[0], mpp=0.5), *job.entries[1:]])

    for one in (job, other, job):
        one.freeze(tmp_path)

    assert read_cohort(tmp_path / job.frozen_name) == job.entries
    assert read_cohort(tmp_path / other.frozen_name) == other.entries
    assert len([*tmp_path.iterdir()]) == 2
    assert f"cohort {job.frozen_name}" in job.values().splitlines()


def test_slides_of_which_something_is_known_are_counted(tmp_path):
    job = job_of(tmp_path, 3)
    first, second, third = job.entries
    known = [replace(first, slide_label="negative"), replace(second, annotation=tmp_path / "a.xml")]

    assert job.data()["annotated"] == 0
    assert replace(job, entries=[*known, third]).data()["annotated"] == 2


def test_slides_that_changed_or_are_no_longer_named_are_told(tmp_path):
    job = replace(job_of(tmp_path, 2), changed=frozenset({"s1"}), strangers=frozenset({"z"}))

    assert "changed since, and done again: 1 slides (s1)" in job.lines()
    assert "there, and not in the cohort: 1 slides (z)" in job.lines()


def test_many_names_are_counted_and_a_few_told(tmp_path):
    (tmp_path / "s0.tif").touch()

    lines = job_of(tmp_path, 9, left=[3], failed=["s4", "s2"]).lines()

    assert lines == [
        "work: --blocks 1, 9 slides, 9 tasks of 1",
        "left: 1 of 9, in 1 tasks",
        "failed before: 2 slides (s2, s4); --retry-failed does them again",
        "not there: 8 slides (s1, s2, s3, s4, s5 and 3 more)",
    ]
