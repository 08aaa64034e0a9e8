from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from common.errors import ConfigError
from common.staging import FileSet, Scratch
from common.staging.copying import copied
from common.staging.owners import folders

SLOW = """
import sys, time
from pathlib import Path
from common.staging import FileSet, Scratch
from common.staging.copying import copied

def copy(source, target):
    sent = copied(source, target)
    print("copying", flush=True)
    time.sleep(float(sys.argv[3]))
    return sent

with Scratch(Path(sys.argv[1]), copy).hold() as hold:
    hold.fetch(FileSet.of(Path(sys.argv[2])))
    print("copied", flush=True)
    time.sleep(60)
"""


def other_process(scratch, source, seconds):
    call = [sys.executable, "-c", SLOW, str(scratch.folder), str(source), str(seconds)]
    return subprocess.Popen(call, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "slides" / "a.mrxs"
    path.parent.mkdir()
    path.write_bytes(os.urandom(100_000))
    (path.parent / "a").mkdir()
    (path.parent / "a" / "Data0000.dat").write_bytes(os.urandom(50_000))
    return path


@pytest.fixture
def files(source):
    return FileSet(source.parent, (source.name, "a/Data0000.dat"))


@pytest.fixture
def counted():
    return []


@pytest.fixture
def scratch(tmp_path, counted):
    def copy(one, other):
        counted.append(one.name)
        return copied(one, other)

    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch", copy)


def test_copies_keep_their_names_and_go_with_the_hold(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        for name in files.names:
            assert (root / name).read_bytes() == (files.root / name).read_bytes()
        assert hold.is_whole()
        assert hold.folder.stat().st_mode & 0o077 == 0

    assert list(scratch.folder.iterdir()) == []


def test_holds_of_the_same_files_share_one_copy_until_the_last_is_left(scratch, files, counted):
    with scratch.hold() as last:
        with scratch.hold() as first:
            one = first.fetch(files)
            other = last.fetch(files)
            assert (one / "a.mrxs").samefile(other / "a.mrxs")
        assert last.is_whole()

    assert counted == ["a.mrxs", "Data0000.dat"]


def test_files_that_changed_are_copied_anew(scratch, files, source, counted):
    with scratch.hold() as one, scratch.hold() as other:
        one.fetch(files)
        source.write_bytes(b"new")
        assert (other.fetch(replace(files)) / "a.mrxs").read_bytes() == b"new"

    assert len(counted) == 4


def test_of_many_that_come_at_once_one_copies(scratch, files, counted):
    together = threading.Barrier(6)

    def fetch(_):
        with scratch.hold() as hold:
            together.wait()
            root = hold.fetch(replace(files))
            content = (root / "a.mrxs").read_bytes()
            together.wait()
            return content

    with ThreadPoolExecutor(6) as pool:
        contents = set(pool.map(fetch, range(6)))

    assert contents == {(files.root / "a.mrxs").read_bytes()}
    assert counted == ["a.mrxs", "Data0000.dat"]


def test_another_process_copies_and_this_one_waits_and_shares(scratch, source, counted):
    with other_process(scratch, source, 0.3) as process, scratch.hold() as hold:
        assert process.stdout.readline() == "copying\n"
        root = hold.fetch(FileSet.of(source))
        assert counted == []
        process.kill()
        process.wait()
        scratch.sweep()
        assert (root / "a.mrxs").read_bytes() == source.read_bytes()
        assert list(folders(scratch.folder)) == [hold.folder]


def test_killed_while_it_copies_it_keeps_nobody_waiting_and_leaves_nothing(
    scratch, source, counted
):
    with other_process(scratch, source, 60) as process:
        assert process.stdout.readline() == "copying\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(list(folders(scratch.folder))) == 1
        with Scratch(scratch.folder, scratch.copy).hold() as hold:
            hold.fetch(FileSet.of(source))
            assert counted == ["a.mrxs"]
        Scratch.opened(scratch.folder)

    assert list(scratch.folder.iterdir()) == []


def test_a_process_at_work_and_files_of_others_are_not_swept(scratch, source):
    (scratch.folder / "theirs").write_text("theirs")
    with other_process(scratch, source, 0) as process:
        process.stdout.readline()
        scratch.sweep()
        assert len(list(folders(scratch.folder))) == 1
        process.kill()
        process.wait()
    scratch.sweep()

    assert [path.name for path in scratch.folder.iterdir()] == ["theirs"]


def test_too_little_room_is_told_before_a_byte_is_copied(scratch, files, counted):
    small = replace(scratch, room=lambda _: files.size - 1)
    with small.hold() as hold, pytest.raises(OSError, match="bytes needed") as caught:
        hold.fetch(files)

    assert caught.value.errno == errno.ENOSPC
    assert counted == []
    assert list(scratch.folder.iterdir()) == []


def test_room_is_taken_before_it_is_filled_so_that_others_see_it(scratch, files):
    taken = []

    def copy(source, target):
        taken.append([path.stat().st_size for path in target.parents[1].rglob("*.[md]*")])
        return copied(source, target)

    with replace(scratch, copy=copy).hold() as hold:
        hold.fetch(files)

    assert sorted(taken[0]) == [50_000, 100_000]


def test_a_copy_that_is_damaged_or_gone_is_noticed(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        (root / "a" / "Data0000.dat").write_bytes(bytes(50_000))
        assert not hold.is_whole()
        (root / "a" / "Data0000.dat").unlink()
        assert not hold.is_whole()


def test_a_disk_without_links_holds_a_copy_for_each(scratch, files, counted, monkeypatch):
    def no_links(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("common.staging.scratch.os.link", no_links)
    with scratch.hold() as one, scratch.hold() as other:
        one.fetch(files)
        root = other.fetch(files)
        assert (root / "a.mrxs").read_bytes() == (files.root / "a.mrxs").read_bytes()

    assert len(counted) == 4


def test_messages_are_about_sources(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        said = hold.told(f"{root / 'a.mrxs'}: format: expected this, found that")
        assert said.startswith(f"{files.root / 'a.mrxs'}: format: expected")
        assert said.endswith(f"(read from a copy in {hold.folder})")
        assert hold.told("nothing of it") == "nothing of it"


def test_a_folder_that_is_not_there_is_refused_with_advice(tmp_path):
    with pytest.raises(ConfigError, match=r"--scratch .*none: .*\$SLURM_TMPDIR"):
        Scratch.opened(tmp_path / "none")


def test_the_same_file_system_is_said_to_be_pointless(scratch, source, caplog):
    Scratch.opened(scratch.folder, [source, source])

    assert caplog.text.count("is on the same file system") == 1


def test_a_folder_is_touched_as_long_as_it_is_used(scratch, monkeypatch):
    monkeypatch.setattr("common.staging.scratch.BEAT_S", 0.02)
    with scratch.hold() as hold:
        os.utime(hold.folder, (0, 0))
        until = time.monotonic() + 10
        while hold.folder.stat().st_mtime == 0 and time.monotonic() < until:
            time.sleep(0.01)

        assert hold.folder.stat().st_mtime > 0
