from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tiff_slides import write_cohort_folder

from common.cohort import SlideEntry, read_cohort
from common.config import load
from common.errors import ConfigError
from common.outcomes import Outcome, write_outcome
from common.parts import part_name
from common.run_folder import claim
from layer1_extract.cohort_record import record_cohort
from layer1_extract.config import ExtractSettings
from layer1_extract.estimate import Cut
from layer1_extract.extraction import patch_path
from layer1_extract.inputs import GIVEN_MASK
from layer1_extract.plan import SCRIPT, Asked, plan, quick_plan, words_of

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
DENSE = load(ExtractSettings, None, [*SMALL, "sampling.method=dense"])


def slides(folder, number):
    return [SlideEntry(f"s{i}", folder / f"s{i}.tif") for i in range(number)]


def asked(entries, out=None, cut=Cut(blocks=1), **said):  # noqa: B008 - it is frozen
    return Asked(entries, DENSE, None, cut, ["cohort.csv", "--out", "OUT"], out, **said)


def finish(out, *names):
    claim(out, DENSE)
    for name in names:
        slide_id, _, rest = name.partition(".part-")
        part, parts = map(int, rest.split("-of-")) if rest else (0, 1)
        write_outcome(out, Outcome(slide_id, "done", part=part, parts=parts))
        path = patch_path(out, name)
        path.parent.mkdir(exist_ok=True)
        path.touch()


def fail(out, name):
    claim(out, DENSE)
    write_outcome(out, Outcome(name, "failed", "broken", exit_status=3))


def test_the_line_is_one_that_a_shell_takes_whatever_the_paths(tmp_path):
    config = tmp_path / "c d.yaml"
    words = words_of(Path("it's a cohort"), None, config, ("patch.size=9",), None, 0.25)
    request = replace(asked(slides(tmp_path, 6), cut=Cut(2, units_per_task=3)), words=words)

    line = quick_plan(request).data["command"]

    script = f"sbatch() {{ printf '%s\\n' \"$@\"; }}; {line}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    first = ["--array=0-3", "--cpus-per-task=1", "--export=ALL,TASKS=4", SCRIPT]
    assert done.stdout.splitlines() == [*first, *words, "--blocks", "2"]


@pytest.mark.parametrize(("workers", "per_task", "cpus"), [(8, 3, 3), (2, 3, 2), (8, 1, 1)])
def test_a_task_asks_for_the_cores_it_can_use(workers, per_task, cpus, tmp_path):
    cut = Cut(1, units_per_task=per_task, workers=workers)

    line = quick_plan(asked(slides(tmp_path, 6), cut=cut)).data["command"]

    assert f" --cpus-per-task={cpus} " in line


def test_one_task_needs_no_array(tmp_path):
    result = quick_plan(asked(slides(tmp_path, 3), cut=Cut(1, units_per_task=3)))

    assert result.data["command"] == "layer1-extract extract cohort.csv --out OUT"


@pytest.mark.parametrize("calibrated", [False, True])
def test_slides_that_cannot_be_read_are_listed_and_the_others_planned(tmp_path, calibrated):
    cohort = read_cohort(write_cohort_folder(tmp_path / "c", slides=2))
    bad = SlideEntry("bad", tmp_path / "bad.tif")

    result = plan(asked([bad, *cohort], cut=Cut(workers=2)), calibrated=calibrated)

    assert result.exit_status == 3
    assert list(result.data["failed"]) == ["bad"]
    assert "failed bad: " in result.text
    assert [slide["slide_id"] for slide in result.data["slides"]] == [e.slide_id for e in cohort]
    assert result.data["plan"]["slides"] == 3
    assert result.data["plan"]["patches"] > 100
    assert json.loads(json.dumps(result.data)) == result.data
    assert ("timed here" in result.text) is calibrated


def test_the_array_is_of_the_tasks_that_have_something_left(tmp_path):
    entries = slides(tmp_path, 40)
    out = tmp_path / "out"
    finish(out, *(f"s{i}" for i in range(40) if i not in {3, 21, 22, 39}))

    said = quick_plan(asked(entries, out, Cut(1, max_array=20))).data["job"]

    assert (said["tasks"], said["units_left"], said["array"]) == (20, 4, "1-3,19")


def test_a_shell_gets_the_values_and_the_slides_as_they_are_now(tmp_path):
    out, entries = tmp_path / "out", slides(tmp_path, 3)
    finish(out, "s0", "s9")
    record_cohort(out, entries[:1])
    write_outcome(out, Outcome("s0", "done", inputs={"patient": "p"}))

    said = quick_plan(asked(entries, out), values=True, freeze=tmp_path).text.splitlines()

    assert {"array 0-2", "changed 1", "new 2", "strangers s9"} < {*said}
    (cohort,) = (line.split()[1] for line in said if line.startswith("cohort "))
    assert read_cohort(tmp_path / cohort) == entries


def test_a_task_that_would_refuse_to_forget_masks_is_not_planned(tmp_path):
    out, entries = tmp_path / "out", slides(tmp_path, 4)
    finish(out, "s0", "s1", "s2")
    write_outcome(out, Outcome("s1", "done", inputs={GIVEN_MASK: "sum"}))
    two, alone = Cut(1, units_per_task=2), Cut(1, units_per_task=1)

    with pytest.raises(ConfigError, match=r"such as s1\. Give --masks .*/out/masks"):
        quick_plan(asked(entries, out, two))
    assert quick_plan(asked(entries, out, alone)).data["job"]["array"] == "3"

    (out / "masks").mkdir()
    (out / "masks" / "s1.geojson").touch()
    with_masks = replace(asked(entries, out, two), masks=out / "masks")
    assert quick_plan(with_masks).data["job"]["array"] == "1"


def test_where_nothing_is_left_it_says_what_is_next(tmp_path):
    out = tmp_path / "its out"
    finish(out, "s0", "s1")

    result = quick_plan(asked(slides(tmp_path, 2), out))

    assert result.data["job"]["array"] == ""
    assert shlex.split(result.text.splitlines()[-1])[-3:] == ["layer1-extract", "merge", str(out)]


def test_parts_are_units_of_their_own_and_a_whole_slide_is_all_of_them(tmp_path):
    out = tmp_path / "out"
    finish(out, part_name("s0", 1, 3), "s2")

    said = quick_plan(asked(slides(tmp_path, 3), out, Cut(3))).data["job"]

    assert (said["units"], said["array"]) == (9, "0,2-5")


def test_slides_are_cut_as_they_were_before_unless_a_number_is_given(tmp_path):
    out = tmp_path / "out"
    finish(out, part_name("s0", 0, 3))

    assert quick_plan(asked(slides(tmp_path, 1), out, Cut())).data["job"]["blocks"] == 3
    with pytest.raises(ConfigError, match="cut with --blocks 2, found 1 parts of others"):
        quick_plan(asked(slides(tmp_path, 1), out, Cut(2)))


def test_a_folder_of_another_configuration_is_refused(tmp_path):
    out = tmp_path / "out"
    finish(out, "s0")
    other = load(ExtractSettings, None, [*SMALL, "sampling.method=dense", "patch.size=64"])

    with pytest.raises(ConfigError, match=r"expected results of this configuration"):
        quick_plan(replace(asked(slides(tmp_path, 1), out), settings=other))


def test_slides_that_failed_are_left_alone_unless_they_are_asked_for(tmp_path):
    out = tmp_path / "out"
    finish(out, "s0")
    fail(out, "s1")
    entries = slides(tmp_path, 3)

    alone, again = (quick_plan(asked(entries, out, retry_failed=one)) for one in (False, True))

    assert (alone.data["job"]["array"], again.data["job"]["array"]) == ("2", "1-2")
    assert "failed before: 1 slides (s1); --retry-failed does them again" in alone.text


def test_only_slides_that_are_left_are_looked_at(tmp_path):
    cohort = read_cohort(write_cohort_folder(tmp_path / "c", slides=3))
    out = tmp_path / "out"
    finish(out, cohort[0].slide_id)

    result = plan(asked(cohort, out, Cut(1, units_per_task=1)))

    left = [entry.slide_id for entry in cohort[1:]]
    assert [slide["slide_id"] for slide in result.data["slides"]] == left
    assert result.data["job"]["array"] == "1-2"


def test_slides_that_are_not_there_are_named_and_none_is_opened(tmp_path):
    (tmp_path / "s1.tif").touch()

    result = quick_plan(asked(slides(tmp_path, 3)))

    assert "not there: 2 slides (s0, s2)" in result.text
    assert result.data["job"]["folders"] == [str(tmp_path)]
