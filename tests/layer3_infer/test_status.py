from __future__ import annotations

import os
import time

import numpy as np
import pytest

from common.cohort import SlideEntry, write_cohort
from common.errors import ConfigError
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import write_outcome
from layer3_infer.answer_store import AnswerStore
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import claim_run, read_run
from layer3_infer.settings.heatmap import HeatmapSettings
from layer3_infer.slide_result import MADE_WITH, SlideResult
from layer3_infer.status import NAMED, STALE_S, cohort_ids, states_of, status

MADE = dict.fromkeys(MADE_WITH, "a")


@pytest.fixture
def out(tmp_path):
    """A folder that a run over the slides a to d has taken."""
    inputs = {name: said for name, said in MADE.items() if name != "config_sha256"}
    claim_run(tmp_path / "out", "heatmap", HeatmapSettings(), inputs, "abcd")
    return tmp_path / "out"


def finish(out, name, status="done", **said):
    inputs = {**MADE, "config_sha256": read_run(out)["config_sha256"]}
    write_outcome(out, SlideResult(name, status, inputs=inputs, seconds=2.0, **said))
    if status != "failed":
        ResultsFolder(out).heatmap(name).touch()


def answer(out, name, count, ago=0.0):
    store = AnswerStore(ResultsFolder(out).unfinished, name, key="k")
    path = store.add(np.arange(count), np.zeros(count, np.float32))
    os.utime(path, (time.time() - ago,) * 2)


def state(out, name):
    (one,) = states_of(out, [name])
    return one.state


def test_every_slide_is_in_one_state_and_all_are_counted(out):
    finish(out, "a", counts={"analysed": 6})
    finish(out, "b", "empty", reason="no tissue", counts={"analysed": 0})
    finish(out, "c", "failed", reason="c.tif: broken", exit_status=3)

    said = status(out)

    assert said.exit_status == 0
    assert said.text.splitlines() == [
        "4 slides: 1 done, 1 empty, 1 failed, 0 out of reach, 0 running, 0 stopped, 1 missing",
        "6 patches analysed; 1 patches/s in each process",
        "  failed c: c.tif: broken",
        "  missing d",
    ]
    assert said.data["states"]["done"] == 1
    assert said.data["units"][3] == {"name": "d", "state": "missing", "said": ""}


def test_a_slide_that_answers_come_for_is_running_and_stopped_when_none_come_any_more(out):
    answer(out, "a", 7)
    answer(out, "a", 5)
    answer(out, "b", 3, ago=STALE_S + 60)

    a, b = states_of(out, "ab")

    assert (a.state, b.state) == ("running", "stopped")
    assert a.said.startswith("12 patches answered, last heard of at ")
    assert b.said.startswith("3 patches answered")


def test_a_failure_that_is_tried_again_is_running_until_it_fails_anew(out):
    finish(out, "a", "failed", reason="why", exit_status=3)
    old = out / OUTCOMES / "a.json"
    os.utime(old, (time.time() - 60,) * 2)

    answer(out, "a", 5)
    assert state(out, "a") == "running"
    os.utime(old)
    os.utime(next(ResultsFolder(out).unfinished.glob("a.*")), (time.time() - 5,) * 2)
    assert state(out, "a") == "failed"


def test_a_slide_that_was_out_of_reach_is_named_with_the_host(out):
    finish(out, "a", "failed", reason="gone", exit_status=3, out_of_reach="node7")

    assert "  out of reach a: host node7: gone" in status(out).text


def test_half_a_result_is_none(out):
    finish(out, "a")
    ResultsFolder(out).heatmap("a").unlink()
    (out / OUTCOMES / "b.json").write_text("{")

    a, b = states_of(out, "ab")

    assert (a.state, b.state) == ("missing", "missing")
    assert "expected a slide's outcome" in b.said


def test_a_result_of_another_model_is_none(out):
    finish(out, "a")
    write_outcome(out, SlideResult("a", "done", inputs={**MADE, "model_sha256": "b"}))

    (one,) = states_of(out, "a")

    assert (one.state, one.said[:23]) == ("missing", "made with another model")


def test_where_many_slides_are_missing_some_are_named_and_all_in_the_data(out, tmp_path):
    slides = [SlideEntry(f"s{i:03}", tmp_path / f"s{i}.tif") for i in range(NAMED + 5)]
    write_cohort(slides, tmp_path / "cohort.csv")

    said = status(out, tmp_path / "cohort.csv")

    assert said.text.splitlines()[-1] == "  and 5 more missing; --json names all"
    assert len(said.text.splitlines()) == NAMED + 3
    assert len(said.data["units"]) == NAMED + 5


def test_the_cohort_is_the_one_given_else_the_one_the_runs_were_given(out, tmp_path):
    write_cohort([SlideEntry("z", tmp_path / "z.tif")], tmp_path / "cohort.csv")

    assert cohort_ids(out, None) == ["a", "b", "c", "d"]
    assert cohort_ids(out, tmp_path / "cohort.csv") == ["z"]
    with pytest.raises(ConfigError, match=r"run.json of a run over slides, found none"):
        cohort_ids(tmp_path, None)


def test_nothing_is_written(out):
    finish(out, "a")
    answer(out, "b", 3)
    before = sorted(out.rglob("*"))

    status(out)

    assert sorted(out.rglob("*")) == before
