from __future__ import annotations

import json
from dataclasses import replace

from common.array_job import ArrayJob
from common.cohort import SlideEntry
from common.cohort_job import CohortJob


def job_of(folder, slides, left=None, failed=()):
    entries = [SlideEntry(f"s{i}", folder / f"s{i}.tif") for i in range(slides)]
    return CohortJob(entries, 1, ArrayJob.of(slides, 1, 1001, left), frozenset(failed))


def test_every_value_for_a_script_is_on_a_line_of_its_own(tmp_path):
    said = job_of(tmp_path, 30, left=[1, 2, 7]).data()

    lines = json.dumps(said, indent=2).splitlines()
    assert '  "array": "1-2,7",' in lines
    assert '  "tasks": 30,' in lines
    assert '  "units_left": 3,' in lines


def test_slides_of_which_something_is_known_are_counted(tmp_path):
    job = job_of(tmp_path, 3)
    first, second, third = job.entries
    known = [replace(first, slide_label="negative"), replace(second, annotation=tmp_path / "a.xml")]

    assert job.data()["annotated"] == 0
    assert replace(job, entries=[*known, third]).data()["annotated"] == 2


def test_many_names_are_counted_and_a_few_told(tmp_path):
    (tmp_path / "s0.tif").touch()

    lines = job_of(tmp_path, 9, left=[3], failed=["s4", "s2"]).lines()

    assert lines == [
        "work: --blocks 1, 9 slides, 9 tasks of 1",
        "left: 1 of 9, in 1 tasks",
        "failed before: 2 slides (s2, s4); --retry-failed does them again",
        "not there: 8 slides (s1, s2, s3, s4, s5 and 3 more)",
    ]
