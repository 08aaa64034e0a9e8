from __future__ import annotations

import os
from dataclasses import replace

import pytest
from project import ROOT

from common.cohort import SlideEntry, read_cohort
from common.errors import ConfigError
from common.files import sha256
from common.model_bundle import read_bundle
from common.openslide_slide import OpenSlideSlide
from common.outcomes import write_outcome
from common.slide_changes import seen_of
from layer3_infer.config import HeatmapSettings
from layer3_infer.plan import SCRIPT, Cut, Folder, plan, words_of
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import claim_run
from layer3_infer.slide_result import SlideResult

BUNDLE = ROOT / "tests" / "contract" / "archives" / "model_bundle" / "v1.1"
SETTINGS = HeatmapSettings()
WORDS = ["cohort.csv", "--model", "b", "--out", "o"]


def slides(folder, number):
    return [SlideEntry(f"s{i}", folder / f"s{i}.tif") for i in range(number)]


def begin(out, model_sha256=None):
    sha256 = model_sha256 or read_bundle(BUNDLE).model_sha256
    claim_run(out, "heatmap", SETTINGS, {"model_sha256": sha256}, ["s0"])
    return Folder(out, SETTINGS, BUNDLE)


def finish(out, *names):
    for name in names:
        write_outcome(out, SlideResult(name, "done"))
        ResultsFolder(out).heatmap(name).touch()


def test_a_cohort_is_cut_into_no_more_tasks_than_the_cluster_takes(tmp_path):
    result = plan(slides(tmp_path, 50), Cut(most_tasks=20), WORDS)

    assert (result.data["job"]["tasks"], result.data["job"]["array"]) == (17, "0-16")
    line = f"sbatch --array=0-16 --export=ALL,TASKS=17 {SCRIPT} cohort.csv --model b --out o"
    assert result.data["command"] == line


def test_the_array_is_of_the_slides_without_a_result(tmp_path):
    folder = begin(tmp_path / "out")
    finish(folder.path, "s0", "s2", "s3")

    result = plan(slides(tmp_path, 6), Cut(blocks=2, units_per_task=4), WORDS, folder)

    assert result.data["job"]["units_left"] == 6  # two parts each of s1, s4 and s5
    assert result.data["job"]["array"] == "0-2"
    assert plan(slides(tmp_path, 6), Cut(), WORDS, folder).data["job"]["array"] == "1,4-5"


def test_half_a_result_is_none(tmp_path):
    folder = begin(tmp_path / "out")
    write_outcome(folder.path, SlideResult("s0", "done"))
    ResultsFolder(folder.path).heatmap("s1").touch()

    assert plan(slides(tmp_path, 2), Cut(), WORDS, folder).data["job"]["array"] == "0-1"


def test_slides_that_failed_are_left_alone_unless_they_are_asked_for(tmp_path):
    folder = begin(tmp_path / "out")
    write_outcome(folder.path, SlideResult("s1", "failed", "broken", exit_status=3))
    ResultsFolder(folder.path).heatmap("s1").touch()  # of a run before
    again = Folder(folder.path, SETTINGS, BUNDLE, retry_failed=True)

    found = [plan(slides(tmp_path, 3), Cut(), WORDS, one) for one in (folder, again)]

    assert [one.data["job"]["array"] for one in found] == ["0,2", "0-2"]
    assert "failed before: 1 slides (s1)" in found[0].text


def test_where_nothing_is_left_it_says_what_is_next(tmp_path):
    folder = begin(tmp_path / "out")
    finish(folder.path, "s0")

    said = plan(slides(tmp_path, 1), Cut(), WORDS, folder).text

    assert said.endswith(f"nothing is left; next: layer3-infer merge {folder.path}")


def test_a_slide_of_which_the_cohort_says_otherwise_by_now_is_done_again(tmp_path):
    folder = begin(tmp_path / "out")
    finish(folder.path, "s0", "s1", "s2", "gone")
    made = SlideResult("s1", "done", mpp=0.25, inputs={"patient": "p"})
    write_outcome(folder.path, made)
    first, second, third = slides(tmp_path, 3)

    def planned(entry):
        return plan([first, entry, third], Cut(), WORDS, folder).data["job"]

    same, other, scale = (
        planned(replace(second, patient=patient, mpp=mpp))
        for patient, mpp in (("p", 0.25), ("q", None), ("p", 0.5))
    )
    assert [one["array"] for one in (same, other, scale)] == ["", "1", "1"]
    assert (other["changed"], other["new"], other["strangers"]) == (1, 0, ["gone"])


def made_of(folder, entry, content=b"first"):
    """A slide and an annotation, and a result of them."""
    entry.path.write_bytes(content)
    entry.annotation.write_bytes(content)
    fingerprint = OpenSlideSlide.of(entry).fingerprint
    inputs = {
        "slide_fingerprint": fingerprint,
        "annotation_sha256": sha256(entry.annotation),
    }
    seen = seen_of(entry)
    write_outcome(folder.path, SlideResult(entry.slide_id, "done", inputs=inputs, seen=seen))
    ResultsFolder(folder.path).heatmap(entry.slide_id).touch()


@pytest.mark.parametrize("other", ["path", "annotation"])
@pytest.mark.parametrize("replaced", [True, False])
def test_a_slide_or_annotation_replaced_or_at_another_path_is_done_again(tmp_path, other, replaced):
    folder = begin(tmp_path / "out")
    entry = SlideEntry("s0", tmp_path / "s0.tif", annotation=tmp_path / "s0.xml")
    made_of(folder, entry)
    before = plan([entry], Cut(), WORDS, folder).data["job"]
    old = getattr(entry, other)
    new = old if replaced else old.with_stem("other")

    new.write_bytes(b"second")
    os.utime(new, (1, 1))  # a copy that kept the date of an old file
    now = replace(entry, **{other: new})

    assert before["array"] == ""
    after = plan([now], Cut(), WORDS, folder).data["job"]
    assert (after["array"], after["changed"]) == ("0", 1)


def test_the_same_slide_and_annotation_elsewhere_make_no_difference(tmp_path):
    folder = begin(tmp_path / "out")
    entry = SlideEntry("s0", tmp_path / "s0.tif", annotation=tmp_path / "s0.xml")
    made_of(folder, entry)
    moved = replace(entry, path=tmp_path / "a.tif", annotation=tmp_path / "a.xml")
    for path in (moved.path, moved.annotation):
        path.write_bytes(b"first")

    assert plan([moved], Cut(), WORDS, folder).data["job"]["array"] == ""


def test_an_annotation_that_is_not_there_and_was_not_is_no_other(tmp_path):
    folder = begin(tmp_path / "out")
    write_outcome(folder.path, SlideResult("s0", "done", inputs={"annotation_sha256": ""}))
    ResultsFolder(folder.path).heatmap("s0").touch()
    entry = SlideEntry("s0", tmp_path / "s0.tif", annotation=tmp_path / "s0.xml")

    found = [plan([entry], Cut(), WORDS, folder).data["job"]["array"]]
    (tmp_path / "s0.xml").touch()
    found.append(plan([entry], Cut(), WORDS, folder).data["job"]["array"])

    assert found == ["", "0"]


def test_a_slide_that_was_out_of_reach_is_tried_again_unasked(tmp_path):
    folder = begin(tmp_path / "out")
    away = SlideResult("s0", "failed", "gone", exit_status=3, out_of_reach="node7")
    write_outcome(folder.path, away)

    data = plan(slides(tmp_path, 1), Cut(), WORDS, folder).data["job"]

    assert (data["array"], data["failed_before"], data["new"]) == ("0", 0, 1)


def test_a_slide_that_failed_and_was_replaced_since_is_tried_again_unasked(tmp_path):
    folder = begin(tmp_path / "out")
    (entry,) = slides(tmp_path, 1)
    entry.path.write_bytes(b"torn")
    broken = SlideResult("s0", "failed", "torn", exit_status=3, seen=seen_of(entry))
    write_outcome(folder.path, broken)

    found = [plan([entry], Cut(), WORDS, folder).data["job"]]
    entry.path.write_bytes(b"whole")
    found.append(plan([entry], Cut(), WORDS, folder).data["job"])

    said = [(one["array"], one["failed_before"], one["changed"]) for one in found]
    assert said == [("", 1, 0), ("0", 0, 1)]


def test_a_result_that_cannot_be_read_is_none(tmp_path):
    folder = begin(tmp_path / "out")
    finish(folder.path, "s0", "s1")
    (folder.path / "outcomes" / "s1.json").write_text("{}")

    assert plan(slides(tmp_path, 2), Cut(), WORDS, folder).data["job"]["array"] == "1"


def test_a_shell_gets_the_values_and_the_slides_as_they_are_now(tmp_path):
    said = plan(slides(tmp_path, 2), Cut(), WORDS, values=True, freeze=tmp_path).text

    (cohort,) = (line.split()[1] for line in said.splitlines() if line.startswith("cohort "))
    assert read_cohort(tmp_path / cohort) == slides(tmp_path, 2)


def test_results_of_another_model_or_configuration_are_refused(tmp_path):
    folder = begin(tmp_path / "out", model_sha256="f" * 64)
    other = SETTINGS.model_copy(update={"batch_size": SETTINGS.batch_size + 1})

    with pytest.raises(ConfigError, match="model_sha256: 'ffff"):
        plan(slides(tmp_path, 1), Cut(), WORDS, folder)
    with pytest.raises(ConfigError, match="batch_size"):
        plan(slides(tmp_path, 1), Cut(), WORDS, Folder(folder.path, other))
    assert plan(slides(tmp_path, 1), Cut(), WORDS, Folder(folder.path, SETTINGS)).exit_status == 0


def test_one_task_needs_no_array(tmp_path):
    given = {"config": tmp_path / "c d.yaml", "mpp": 0.5, "overrides": ("stride=2",)}
    words = words_of(tmp_path, None, None, given)

    result = plan(slides(tmp_path, 2), Cut(units_per_task=2), words)

    assert result.data["command"] == (
        f"layer3-infer heatmap {tmp_path} --model BUNDLE --out OUT --config '{tmp_path}/c d.yaml' "
        "--mpp 0.5 --set stride=2"
    )
