from __future__ import annotations

import hashlib
import os
import threading

import pytest
from clocks import tick
from tqdm import TMonitor

from layer1_extract.dataset_lock import hashing
from layer1_extract.dataset_lock.hashing import hash_files
from layer1_extract.dataset_lock.listing import list_files


class Interrupted:
    """A queue at which the user loses patience."""

    def put(self, item):
        pass

    def get(self):
        raise KeyboardInterrupt


def filled(folder, sizes):
    for name, size in sizes.items():
        (folder / name).write_bytes(os.urandom(size))
    return list_files(folder).files


@pytest.mark.parametrize("workers", [1, 3])
def test_every_file_is_hashed_whatever_its_size(tmp_path, workers):
    found = filled(tmp_path, {"empty": 0, "one": 1, "block": 1 << 20, "more": (1 << 20) + 1})

    results = {one.name: one for one in hash_files(tmp_path, found, workers, "test")}

    assert {name: one.sha256 for name, one in results.items()} == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in found
    }
    assert {name: one.file for name, one in results.items()} == found


def test_the_largest_come_first(tmp_path):
    found = filled(tmp_path, {"a": 1, "b": 300, "c": 20})

    assert [one.name for one in hash_files(tmp_path, found, 1, "test")] == ["b", "c", "a"]


def test_nothing_is_no_work(tmp_path):
    assert list(hash_files(tmp_path, {}, 2, "test")) == []


def test_a_file_that_is_gone_does_not_stop_the_others(tmp_path):
    found = filled(tmp_path, {"a": 1, "b": 2})
    (tmp_path / "b").unlink()

    results = {one.name: one.wrong for one in hash_files(tmp_path, found, 1, "test")}

    assert results == {"a": "", "b": "No such file or directory"}


@pytest.mark.parametrize("change", [b"longer than before", b"same"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch, change):
    (tmp_path / "a").write_bytes(b"once")
    os.utime(tmp_path / "a", (1, 1))
    found = list_files(tmp_path).files

    def blocks(path):
        yield path.read_bytes()
        path.write_bytes(change)

    monkeypatch.setattr(hashing, "blocks", blocks)
    (result,) = hash_files(tmp_path, found, 1, "test")

    assert (result.file, result.wrong) == (None, "it changed while it was read")


def test_a_change_that_keeps_size_and_time_is_told(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"once")
    os.utime(tmp_path / "a", (1, 1))
    found = list_files(tmp_path).files

    def blocks(path):
        yield path.read_bytes()
        tick(tmp_path)
        path.write_bytes(b"same")
        os.utime(path, (1, 1))

    monkeypatch.setattr(hashing, "blocks", blocks)
    (result,) = hash_files(tmp_path, found, 1, "test")

    assert (result.file, result.wrong) == (None, "it changed while it was read")


def test_a_file_with_several_names_is_read_once(tmp_path):
    filled(tmp_path, {"a": 300, "other": 7})
    (tmp_path / "hard").hardlink_to(tmp_path / "a")
    (tmp_path / "soft").symlink_to("a")
    found = list_files(tmp_path).files

    results = {one.name: one for one in hash_files(tmp_path, found, 2, "test")}

    assert results.keys() == found.keys()
    assert results["a"].sha256 == results["hard"].sha256 == results["soft"].sha256
    assert sum(one.read for one in results.values()) == 307


def test_a_mistake_in_a_thread_is_raised(tmp_path, monkeypatch):
    found = filled(tmp_path, {"a": 1, "b": 1})

    def blocks(path):
        raise RuntimeError(path.name)

    monkeypatch.setattr(hashing, "blocks", blocks)

    with pytest.raises(RuntimeError, match="a"):
        list(hash_files(tmp_path, found, 1, "test"))


def test_threads_end_with_those_who_wait_for_them(tmp_path, monkeypatch):
    found = filled(tmp_path, {"a": 1, "b": 1})
    before = set(threading.enumerate())

    def blocks(path):
        while True:
            yield path.read_bytes()

    monkeypatch.setattr(hashing, "blocks", blocks)
    monkeypatch.setattr(hashing, "SimpleQueue", Interrupted)

    with pytest.raises(KeyboardInterrupt):
        list(hash_files(tmp_path, found, 2, "test"))

    begun = set(threading.enumerate()) - before
    assert not [thread for thread in begun if not isinstance(thread, TMonitor)]
