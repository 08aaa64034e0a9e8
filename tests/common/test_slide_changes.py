from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from common.cohort import SlideEntry
from common.files import sha256, spread_hash
from common.slide_changes import (
    is_another_slide,
    is_same,
    may_differ,
    may_differ_where_noted,
    seen_of,
)

LATER, EARLIER = (2**31 - 1, 2**31 - 1), (1, 1)


@pytest.fixture
def entry(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"a slide")
    return SlideEntry("a", path)


@pytest.fixture
def outcome(tmp_path):
    path = tmp_path / "a.json"
    path.touch()
    os.utime(path, LATER)
    return path


@pytest.fixture
def inputs(entry):
    return {"slide_fingerprint": spread_hash(entry.path)}


def put(path, content, modified=LATER):
    path.write_bytes(content)
    os.utime(path, modified)


def test_a_slide_that_is_what_it_was_is_no_other(entry, inputs, outcome):
    assert not is_another_slide(entry, inputs, seen_of(entry), outcome)
    assert not is_another_slide(entry, inputs, {}, outcome)


@pytest.mark.parametrize("modified", [LATER, EARLIER])
def test_another_file_of_the_same_name_is_another_slide_however_old_it_is(
    modified, entry, inputs, outcome
):
    seen = seen_of(entry)
    put(entry.path, b"another", modified)

    assert is_another_slide(entry, inputs, seen, outcome)


def test_another_file_as_old_as_the_slide_is_told_by_its_size(entry, inputs, outcome):
    seen, there = seen_of(entry), entry.path.stat()
    entry.path.write_bytes(b"another one")
    os.utime(entry.path, ns=(there.st_atime_ns, there.st_mtime_ns))

    assert is_another_slide(entry, inputs, seen, outcome)


def test_the_same_bytes_copied_anew_are_the_same_slide(entry, inputs, outcome):
    seen = seen_of(entry)
    put(entry.path, entry.path.read_bytes())

    assert may_differ(entry.path, seen["slide"], outcome)
    assert not is_another_slide(entry, inputs, seen, outcome)


def test_a_slide_that_moved_is_the_same_and_another_in_its_place_is_not(
    entry, inputs, outcome, tmp_path
):
    seen = seen_of(entry)
    moved = replace(entry, path=shutil.copy2(entry.path, tmp_path / "moved.tif"))
    put(tmp_path / "b.tif", b"another", EARLIER)
    other = replace(entry, path=tmp_path / "b.tif")

    assert not may_differ(moved.path, seen["slide"], outcome)
    assert not is_another_slide(moved, inputs, seen, outcome)
    assert is_another_slide(other, inputs, seen, outcome)


def test_where_nothing_was_noted_a_file_that_came_after_the_outcome_is_read(entry, inputs, outcome):
    put(entry.path, b"another", EARLIER)  # as a copy that keeps the time of modification
    before = is_another_slide(entry, inputs, {}, outcome)
    os.utime(outcome, EARLIER)

    assert not before
    assert is_another_slide(entry, inputs, {}, outcome)


def test_a_link_that_leads_elsewhere_now_is_told_where_nothing_was_noted(
    entry, inputs, outcome, tmp_path
):
    put(tmp_path / "b.tif", b"another", EARLIER)
    (tmp_path / "link.tif").symlink_to("b.tif")
    os.utime(outcome, EARLIER)

    assert is_another_slide(replace(entry, path=tmp_path / "link.tif"), inputs, {}, outcome)


def test_a_slide_out_of_reach_is_not_known_to_be_another(entry, inputs, outcome):
    seen = seen_of(entry)
    entry.path.unlink()

    assert seen_of(entry) == {}
    assert not is_another_slide(entry, inputs, seen, outcome)
    assert not is_another_slide(entry, inputs, {}, outcome)


def test_nothing_is_told_of_a_result_that_does_not_say_what_it_follows_from(entry, outcome):
    os.utime(outcome, EARLIER)

    assert not is_another_slide(entry, {}, {}, outcome)


def test_what_is_noted_is_bytes_and_time_of_slide_and_annotation(entry, tmp_path):
    put(tmp_path / "a.xml", b"drawn")
    both = seen_of(replace(entry, annotation=tmp_path / "a.xml"))

    assert both["slide"] == [7, entry.path.stat().st_mtime_ns]
    assert both["annotation"] == [5, LATER[0] * 10**9]


@pytest.mark.parametrize(
    ("slide", "drawn", "same"),
    [(b"a slide", b"drawn", True), (b"another", b"drawn", False), (b"a slide", b"other", False)],
)
def test_the_same_is_what_holds_the_same_wherever_it_lies(slide, drawn, same, entry, tmp_path):
    put(tmp_path / "a.xml", b"drawn")
    inputs = {
        "slide_fingerprint": spread_hash(entry.path),
        "annotation_sha256": sha256(tmp_path / "a.xml"),
    }
    put(tmp_path / "new.tif", slide, EARLIER)
    put(tmp_path / "new.xml", drawn, EARLIER)
    moved = replace(entry, path=tmp_path / "new.tif", annotation=tmp_path / "new.xml")

    assert is_same(moved, inputs) == same
    assert not is_same(moved, {})
    assert not is_same(replace(moved, annotation=None), inputs)
    assert not is_same(replace(moved, path=tmp_path / "gone.tif"), inputs)


@pytest.mark.parametrize("role", ["slide", "annotation"])
def test_either_file_may_differ_where_it_was_noted(role, entry, tmp_path):
    drawn = replace(entry, annotation=tmp_path / "a.xml")
    put(drawn.annotation, b"drawn")
    seen = seen_of(drawn)
    before = may_differ_where_noted(drawn, seen)
    put({"slide": drawn.path, "annotation": drawn.annotation}[role], b"mended", EARLIER)

    assert (before, may_differ_where_noted(drawn, seen)) == (False, True)
    assert not may_differ_where_noted(drawn, {})
    assert not may_differ_where_noted(drawn, {n: s for n, s in seen.items() if n != role})
