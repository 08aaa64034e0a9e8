from __future__ import annotations

import os
import time

import pytest
from scratch_process import other_process
from small_disk import small_disk

from common.errors import ConfigError
from common.staging import Scratch
from common.staging.owners import folders, own_name


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "slides" / "a.svs"
    path.parent.mkdir()
    path.write_bytes(os.urandom(1000))
    return path


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch")


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


def dead_folder():
    """The name of a folder whose process is no more: a later one has its number."""
    host, place, pid, start, token = own_name().removeprefix("camnet.").rsplit(".", 4)
    return f"camnet.{host}.{place}.{pid}.{int(start) + 1}.{token}"


def test_a_disk_that_killed_processes_filled_is_cleared_before_it_is_refused(tmp_path):
    with small_disk(tmp_path / "disk", "nr_inodes=4") as disk:
        (disk / dead_folder()).mkdir(0o700)
        for number in range(2):
            (next(disk.iterdir()) / str(number)).touch()

        Scratch.opened(disk)

        assert list(disk.iterdir()) == []
