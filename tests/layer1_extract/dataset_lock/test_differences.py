from __future__ import annotations

from layer1_extract.dataset_lock.differences import differences
from layer1_extract.dataset_lock.listing import FoundFile
from layer1_extract.dataset_lock.lock_file import Lock, LockedFile

LOCK = Lock.now({name: LockedFile(5, "a" * 64) for name in ("one", "two", "three")})


def test_a_folder_that_is_as_locked_has_none():
    assert not differences(LOCK, LOCK.files)


def test_every_name_is_told_with_what_is_the_matter():
    there = {
        "two": LockedFile(6, "a" * 64),
        "three": LockedFile(5, "b" * 64),
        "four": LOCK.files["one"],
    }

    found = differences(LOCK, there)

    assert found.said("extra") == [
        "  missing one",
        "  changed three: another content of the same size",
        "  changed two: 5 bytes were locked, 6 are there",
        "  extra four",
    ]


def test_sizes_alone_are_compared_where_no_content_is_known():
    there = {name: FoundFile(5, 0, 0) for name in LOCK.files}

    assert not differences(LOCK, there)
    assert differences(LOCK, {**there, "two": FoundFile(4, 0, 0)}).changed.keys() == {"two"}
