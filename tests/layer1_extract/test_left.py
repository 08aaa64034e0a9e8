from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest
from clocks import tick

from common.cohort import SlideEntry
from common.files import sha256, spread_hash
from common.outcomes import Outcome, read_outcome, write_outcome
from common.parts import parse_part
from common.slide_changes import seen_of
from common.units import units_of
from layer1_extract.cohort_record import record_cohort
from layer1_extract.extraction import patch_path
from layer1_extract.left import left_of


def units(folder, blocks=1):
    return units_of([SlideEntry(name, folder / f"{name}.tif") for name in "ab"], blocks)


def told(out, name, status="done", **inputs):
    slide_id, part, parts = parse_part(name)
    write_outcome(out, Outcome(slide_id, status, part=part, parts=parts, inputs=inputs))


def written(out, name):
    path = patch_path(out, name)
    path.parent.mkdir(exist_ok=True)
    path.touch()


def done(out, name, **inputs):
    told(out, name, **inputs)
    written(out, name)


def places(found):
    return list(found.units), set(found.failed)


def test_everything_is_left_where_there_is_no_folder(tmp_path):
    found = left_of(units(tmp_path), tmp_path / "out")

    assert (places(found), found.new) == (([0, 1], set()), {"a", "b"})


@pytest.mark.parametrize("half", [told, written])
def test_a_unit_of_which_only_half_is_there_is_left(half, tmp_path):
    half(tmp_path, "a")

    found = left_of(units(tmp_path), tmp_path)

    assert (places(found), found.new) == (([0, 1], set()), {"b"})


@pytest.mark.parametrize("status", ["done", "empty"])
def test_a_unit_with_outcome_and_file_is_not(status, tmp_path):
    told(tmp_path, "a", status)
    written(tmp_path, "a")

    assert places(left_of(units(tmp_path), tmp_path)) == ([1], set())


def test_an_outcome_that_cannot_be_read_is_none(tmp_path):
    done(tmp_path, "a")
    (tmp_path / "outcomes" / "a.json").write_text("{")

    assert places(left_of(units(tmp_path), tmp_path)) == ([0, 1], set())


def test_a_file_that_is_being_written_does_not_count(tmp_path):
    told(tmp_path, "a")
    written(tmp_path, ".a.h5.0123456789abcdef.partial")

    assert places(left_of(units(tmp_path), tmp_path))[0] == [0, 1]


def test_one_part_that_failed_is_the_whole_slide_until_it_is_tried_again(tmp_path):
    told(tmp_path, "a.part-1-of-3", "failed")
    done(tmp_path, "b.part-0-of-3")

    once = left_of(units(tmp_path, 3), tmp_path)
    again = left_of(units(tmp_path, 3), tmp_path, retry_failed=True)

    assert (places(once), once.new) == (([4, 5], {"a"}), set())
    assert (places(again), again.new) == (([0, 1, 2, 4, 5], {"a"}), {"a"})


def test_slides_of_other_cohorts_that_failed_are_not_told(tmp_path):
    told(tmp_path, "z", "failed")

    found = left_of(units(tmp_path), tmp_path)

    assert (places(found), found.strangers) == (([0, 1], set()), set())


def test_patches_of_slides_that_the_cohort_lacks_are_told(tmp_path):
    done(tmp_path, "a")
    done(tmp_path, "gone")
    written(tmp_path, "lost.part-0-of-2")

    assert left_of(units(tmp_path), tmp_path).strangers == {"gone", "lost"}


def test_a_slide_of_which_the_cohort_says_otherwise_than_its_result_is_left(tmp_path):
    done(tmp_path, "a", patient="p1", slide_label="negative", level0_mpp="0.25")
    one = SlideEntry("a", tmp_path / "a.tif", patient="p1", slide_label="negative", mpp=0.25)
    said = [one, replace(one, mpp=0.5), replace(one, slide_label="positive")]

    found = [left_of(units_of([entry]), tmp_path) for entry in said]

    assert [left.units for left in found] == [(), (0,), (0,)]
    assert [left.changed for left in found] == [set(), {"a"}, {"a"}]


def test_another_annotation_is_told_by_its_bytes_where_it_is_newer(tmp_path):
    drawn = tmp_path / "a.xml"
    drawn.write_text("one")
    done(tmp_path, "a", annotation_sha256=sha256(drawn))
    entry = SlideEntry("a", tmp_path / "a.tif", annotation=drawn)
    os.utime(drawn, (2**31, 2**31))
    same = left_of(units_of([entry]), tmp_path)
    drawn.write_text("another")
    os.utime(drawn, (2**31, 2**31))

    assert same.units == ()
    assert left_of(units_of([entry]), tmp_path).changed == {"a"}
    assert left_of(units_of([replace(entry, annotation=None)]), tmp_path).changed == {"a"}


def test_a_slide_that_lies_elsewhere_by_now_is_looked_at_again(tmp_path):
    before, now = SlideEntry("a", tmp_path / "a.tif"), SlideEntry("a", tmp_path / "new" / "a.tif")
    record_cohort(tmp_path, [before])
    done(tmp_path, "a")

    moved = left_of(units_of([now]), tmp_path)
    tick(tmp_path)
    record_cohort(tmp_path, [now])

    assert (moved.units, moved.changed) == ((0,), {"a"})
    assert left_of(units_of([replace(now, fallback_mpp=1.0)]), tmp_path).units == ()


def noted(out, entry):
    """A result that says what its files were."""
    hashed = sha256(entry.annotation) if entry.annotation else ""
    inputs = {"slide_fingerprint": spread_hash(entry.path), "annotation_sha256": hashed}
    write_outcome(out, Outcome(entry.slide_id, "done", inputs=inputs, seen=seen_of(entry)))
    written(out, entry.slide_id)
    record_cohort(out, [entry])


@pytest.fixture
def drawn(tmp_path):
    """A slide with its annotation."""
    entry = SlideEntry("a", tmp_path / "a.tif", annotation=tmp_path / "a.xml")
    for path in entry.files:
        path.write_text("one")
    return entry


def test_a_slide_file_that_was_replaced_under_its_name_is_changed(drawn, tmp_path):
    noted(tmp_path, drawn)
    before = left_of(units_of([drawn]), tmp_path)
    drawn.path.write_text("another")
    os.utime(drawn.path, (1, 1))

    after = left_of(units_of([drawn]), tmp_path)

    assert (before.units, before.changed) == ((), set())
    assert (after.units, after.changed) == ((0,), {"a"})


@pytest.mark.parametrize("role", ["path", "annotation"])
def test_another_file_in_another_place_is_changed_and_the_same_one_is_looked_at(
    role, drawn, tmp_path
):
    noted(tmp_path, drawn)
    place, before = tmp_path / "elsewhere", getattr(drawn, role)
    elsewhere = replace(drawn, **{role: place})

    shutil.copy(before, place)
    same = left_of(units_of([elsewhere]), tmp_path)
    place.write_text("two")
    os.utime(place, (1, 1))
    other = left_of(units_of([elsewhere]), tmp_path)

    assert (same.units, same.changed) == ((0,), set())
    assert (other.units, other.changed) == ((0,), {"a"})


@pytest.mark.parametrize(("content", "changed"), [("one", set()), ("two", {"a"}), ("", {"a"})])
def test_a_result_of_an_older_version_whose_slide_moved_is_changed_where_the_content_is(
    content, changed, drawn, tmp_path
):
    noted(tmp_path, drawn)
    old = read_outcome(tmp_path, "a")
    assert old is not None
    write_outcome(tmp_path, replace(old, seen={}))
    moved = replace(drawn, path=tmp_path / "mount" / "a.tif")
    if content:
        moved.path.parent.mkdir()
        moved.path.write_text(content)

    found = left_of(units_of([moved]), tmp_path)

    assert (found.units, found.changed) == ((0,), changed)


def test_a_scale_that_is_no_longer_stated_is_changed(drawn, tmp_path):
    noted(tmp_path, replace(drawn, mpp=0.5))

    assert left_of(units_of([drawn]), tmp_path).changed == {"a"}


def test_a_slide_out_of_reach_is_left_for_the_next_run_and_has_not_failed(tmp_path):
    for name, host in (("a", "node7"), ("b", "")):
        write_outcome(tmp_path, Outcome(name, "failed", exit_status=3, out_of_reach=host))

    found = left_of(units(tmp_path), tmp_path)

    assert (places(found), found.new) == (([0], {"b"}), {"a"})


def test_a_part_out_of_reach_is_left_alone(tmp_path):
    done(tmp_path, "a.part-0-of-2")
    write_outcome(tmp_path, Outcome("a", "failed", part=1, parts=2, out_of_reach="node7"))

    assert places(left_of(units(tmp_path, 2), tmp_path)) == ([1, 2, 3], set())


@pytest.mark.parametrize("role", ["path", "annotation"])
def test_a_slide_that_failed_is_tried_again_where_its_file_was_replaced(role, drawn, tmp_path):
    write_outcome(tmp_path, Outcome("a", "failed", seen=seen_of(drawn)))
    before = left_of(units_of([drawn]), tmp_path)
    getattr(drawn, role).write_text("mended")

    assert (before.units, before.new) == ((), set())
    assert left_of(units_of([drawn]), tmp_path).units == (0,)


def test_a_slide_that_failed_is_tried_again_where_the_cohort_was_mended(tmp_path):
    entry = SlideEntry("a", tmp_path / "a.tif")
    record_cohort(tmp_path, [entry])
    told(tmp_path, "a", "failed")

    mended = left_of(units_of([replace(entry, mpp=0.25)]), tmp_path)

    assert left_of(units_of([entry]), tmp_path).units == ()
    assert (mended.units, mended.new) == ((0,), {"a"})
