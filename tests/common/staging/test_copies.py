from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace

import pytest

from common.staging import CopyError
from common.staging.copies import make
from common.staging.copying import copied


def test_room_is_taken_before_it_is_filled_so_that_others_see_it(scratch, files):
    taken = []

    def copy(source, target):
        taken.append([path.stat().st_size for path in target.parents[1].rglob("*.[md]*")])
        return copied(source, target)

    with replace(scratch, copy=copy).hold() as hold:
        hold.fetch(files)

    assert sorted(taken[0]) == [50_000, 100_000]


def test_hashes_that_leave_out_a_file_prove_nothing(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        (root.parent / "sha256.json").write_text("{}")
        assert not hold.is_whole()


def test_files_of_one_slide_are_all_of_one_moment(files, tmp_path):
    """Else the first is of the slide before, and the others of the one that replaces it."""

    def copy(source, target):
        if source.name != "a.mrxs":
            (files.root / "a.mrxs").write_bytes(b"of another slide")
        return copied(source, target)

    with pytest.raises(CopyError, match=r"a\.mrxs: expected a file that stays as it is.*Run again"):
        make(files, tmp_path / "copies", copy)


@pytest.mark.parametrize("same", [True, False])
def test_files_that_are_given_another_number_stay_if_their_bytes_do(files, tmp_path, same):
    """As by file systems that number files anew when they are looked at."""
    first = files.first
    os.utime(first, ns=(0, 0))

    def copy(source, target):
        if source != first:
            content = first.read_bytes()
            first.with_name("other").write_bytes(content if same else content[::-1])
            os.utime(first.with_name("other"), ns=(0, 0))
            first.with_name("other").replace(first)
        return copied(source, target)

    with nullcontext() if same else pytest.raises(CopyError, match=r"a\.mrxs: expected a file"):
        make(files, tmp_path / "copies", copy)
