from __future__ import annotations

from dataclasses import replace

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
