from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.errors import ConfigError
from common.files import (
    blocks,
    clock_of,
    look_anew,
    remove_stale_partials,
    set_aside,
    sha256,
    spread_hash,
    sweep,
    whole_file,
    whole_folder,
    write_text,
)


def write_half_then_die(target):
    with whole_file(target) as path:
        path.write_text("half")
        raise RuntimeError("killed")


def fill_half_then_die(target):
    with whole_folder(target) as folder:
        (folder / "one").write_text("half")
        raise RuntimeError("killed")


def test_a_failed_write_leaves_nothing(tmp_path):
    target = tmp_path / "out" / "patches.h5"

    with pytest.raises(RuntimeError, match="killed"):
        write_half_then_die(target)

    assert list(target.parent.iterdir()) == []


def test_a_failed_write_keeps_the_previous_result(tmp_path):
    target = tmp_path / "patches.h5"
    target.write_text("whole")

    with pytest.raises(RuntimeError, match="killed"):
        write_half_then_die(target)

    assert target.read_text() == "whole"


def test_the_name_appears_only_once_the_content_is_whole(tmp_path):
    target = tmp_path / "file"

    with whole_file(target) as path:
        path.write_text("content")
        assert not target.exists()

    assert target.read_text() == "content"


def test_two_writers_of_one_name_do_not_share_a_partial_file(tmp_path):
    with whole_file(tmp_path / "x") as one, whole_file(tmp_path / "x") as two:
        one.write_text("one")
        two.write_text("two")

    assert (tmp_path / "x").read_text() in {"one", "two"}
    assert os.listdir(tmp_path) == ["x"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "bundle"
    with whole_folder(target) as folder:
        (folder / "old").write_text("1")

    with whole_folder(target) as folder:
        (folder / "new").write_text("2")

    assert os.listdir(target) == ["new"]
    assert os.listdir(tmp_path) == ["bundle"]


def test_a_failed_folder_keeps_the_previous_one(tmp_path):
    target = tmp_path / "bundle"
    with whole_folder(target) as folder:
        (folder / "one").write_text("whole")

    with pytest.raises(RuntimeError, match="killed"):
        fill_half_then_die(target)

    assert (target / "one").read_text() == "whole"
    assert os.listdir(tmp_path) == ["bundle"]


def test_a_full_disk_is_told_from_a_bug(tmp_path):
    def fill():
        with whole_file(tmp_path / "x"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ConfigError, match=r"x: expected a file .* No space left.* make room"):
        fill()

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", [whole_file, whole_folder])
def test_a_file_that_may_not_be_written_is_told_from_a_bug(tmp_path, kind):
    def refuse():
        with kind(tmp_path / "x") as partial:
            raise PermissionError(errno.EACCES, "Permission denied", str(partial))

    with pytest.raises(ConfigError, match=r"x: expected a file .* Permission denied"):
        refuse()

    assert os.listdir(tmp_path) == []


def test_an_error_that_is_not_the_disks_stays_what_it_is(tmp_path):
    def read_something_else():
        with whole_file(tmp_path / "x"):
            (tmp_path / "absent").read_text()

    with pytest.raises(FileNotFoundError):
        read_something_else()


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match=r"out: expected a file that can be written"):
        write_text(tmp_path / "file" / "out", "text")


def test_only_old_leftovers_of_the_same_name_are_removed(tmp_path):
    names = [".a.h5.0123.partial", ".a.h5.4567.partial", ".b.h5.89ab.partial"]
    for name in names:
        (tmp_path / name).touch()
    for name in (names[0], names[2]):
        os.utime(tmp_path / name, (0, 0))

    remove_stale_partials(tmp_path / "a.h5")

    assert sorted(os.listdir(tmp_path)) == names[1:]


def test_a_sweep_removes_old_leftovers_of_every_file_and_nothing_else(tmp_path):
    token = "0123456789abcdef"
    old = [f".a.h5.{token}.partial", f"patches/.b.h5.{token}.partial"]
    kept = ["a.h5", ".mine.partial", "patches/b.h5", f"patches/set_aside/.c.h5.{token}.partial"]
    young = f"patches/.b.h5.{token[::-1]}.partial"
    (tmp_path / "patches" / "set_aside").mkdir(parents=True)
    for name in (*old, *kept, young):
        (tmp_path / name).touch()
    for name in (*old, *kept):
        os.utime(tmp_path / name, (0, 0))

    sweep(tmp_path)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {*kept, young}


def test_a_file_set_aside_is_not_lost(tmp_path):
    (tmp_path / "a.h5").write_text("old")

    target = set_aside(tmp_path / "a.h5")

    assert target is not None
    assert target.read_text() == "old"
    assert not (tmp_path / "a.h5").exists()
    assert set_aside(tmp_path / "a.h5") is None


def test_what_was_set_aside_before_is_never_replaced(tmp_path):
    for text in ("first", "second", "first", "third", "second"):
        (tmp_path / "s.part-0-of-2.h5").write_text(text)
        target = set_aside(tmp_path / "s.part-0-of-2.h5")
        assert target is not None
        assert target.read_text() == text

    left = {path.name: path.read_text() for path in (tmp_path / "set_aside").iterdir()}
    assert left == {
        "s.part-0-of-2.h5": "first",
        "s.part-0-of-2.2.h5": "second",
        "s.part-0-of-2.3.h5": "third",
    }


def test_what_clocks_cannot_tell_apart_is_set_aside_by_its_bytes(tmp_path):
    for text in ("one", "two", "one", "six", "two"):
        (tmp_path / "a.h5").write_text(text)
        os.utime(tmp_path / "a.h5", (1, 1))
        target = set_aside(tmp_path / "a.h5")
        assert target is not None
        assert target.read_text() == text

    assert len(list((tmp_path / "set_aside").iterdir())) == 3


def test_many_tasks_that_set_aside_what_is_written_meanwhile_lose_nothing(tmp_path):
    path, end = tmp_path / "a.h5", threading.Event()

    def work():
        while not end.is_set():
            set_aside(path)

    with ThreadPoolExecutor(4) as tasks:
        ended = [tasks.submit(work) for _ in range(4)]
        for number in range(40):
            write_text(path, str(number))
            while path.exists() and not any(one.done() for one in ended):
                time.sleep(0)
        end.set()

    assert [one.result() for one in ended] == [None] * 4
    left = {file.read_text() for file in (tmp_path / "set_aside").iterdir()}
    assert left == {str(number) for number in range(40)}


def test_a_file_two_tasks_set_aside_at_once_is_moved_once(tmp_path):
    for number in range(30):
        (tmp_path / "a.h5").write_text(str(number))
        with ThreadPoolExecutor(8) as tasks:
            moved = [*tasks.map(set_aside, [tmp_path / "a.h5"] * 8)]

        assert len([target for target in moved if target]) == 1


def test_text_is_utf8(tmp_path):
    write_text(tmp_path / "t", "µm")

    assert (tmp_path / "t").read_bytes() == "µm".encode()
    assert sha256(tmp_path / "t") == hashlib.sha256("µm".encode()).hexdigest()


def test_the_spread_hash_sees_size_and_content_and_no_name(tmp_path):
    content = b"1" + os.urandom(299_999)
    for name, data in [
        ("a", content),
        ("b", content),
        ("c", content + b"0"),
        ("d", b"0" + content[1:]),
    ]:
        (tmp_path / name).write_bytes(data)

    a, b, c, d = (spread_hash(tmp_path / name) for name in "abcd")

    assert a == b
    assert len({a, c, d}) == 3


def test_the_spread_hash_of_an_empty_file_is_a_hash(tmp_path):
    (tmp_path / "empty").touch()

    assert len(spread_hash(tmp_path / "empty")) == 64


def test_what_is_young_by_the_clock_of_the_file_system_stays_whatever_ours_says(
    tmp_path, monkeypatch
):
    young = tmp_path / ".a.h5.0123456789abcdef.partial"
    young.write_text("another task's")
    later = time.time() + 7 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)

    remove_stale_partials(tmp_path / "a.h5")
    sweep(tmp_path)

    assert young.exists()


def test_the_clock_of_a_folder_is_that_of_its_files_and_leaves_nothing(tmp_path):
    before = clock_of(tmp_path)
    (tmp_path / "a").touch()

    assert before <= (tmp_path / "a").stat().st_mtime <= clock_of(tmp_path)
    assert os.listdir(tmp_path) == ["a"]


def test_where_nothing_can_be_written_our_own_clock_has_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 7.0)

    assert clock_of(tmp_path / "absent") == 7.0


def test_a_folder_that_is_not_there_can_be_looked_for_anew(tmp_path):
    look_anew(tmp_path / "absent")
    look_anew(tmp_path)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_flush_folders_will_do(tmp_path, monkeypatch, number):
    flush = os.fsync

    def refuse(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)

    write_text(tmp_path / "a", "whole")

    assert (tmp_path / "a").read_text() == "whole"


def test_a_file_that_cannot_be_flushed_is_not_whole(tmp_path, monkeypatch):
    def refuse(_descriptor):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(ConfigError):
        write_text(tmp_path / "a", "whole")

    assert os.listdir(tmp_path) == []


def test_a_file_is_given_in_blocks_from_start_to_end(tmp_path):
    data = os.urandom(5 << 19)
    (tmp_path / "a").write_bytes(data)

    assert b"".join(bytes(block) for block in blocks(tmp_path / "a")) == data
    assert sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()
