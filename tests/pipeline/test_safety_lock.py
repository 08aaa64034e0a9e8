"""A lock of a large folder that is stopped goes on where it was, and ends the same."""

from __future__ import annotations

import os
import signal

import pytest
from halting import go
from real_command import ended, kill, run, start

from layer1_extract.dataset_lock.lock_file import NAME, read_lock

SIZE = 10 << 20


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """Files that take no room on the disk, written long ago."""
    folder = tmp_path_factory.mktemp("slides")
    for number in range(10):
        path = folder / f"s{number}.tif"
        path.touch()
        os.truncate(path, SIZE + number)
        os.utime(path, (1, 1))
    return folder


def journals(folder):
    return list(folder.glob(".*.journal"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_that_is_stopped_goes_on(slides, halt, how):
    (slides / NAME).unlink(missing_ok=True)
    middle = halt("layer1_extract.dataset_lock.journal:Journal.add", 4)
    middle.ask()
    environment = {**os.environ, **middle.environment}
    process = start("lock", slides, "--workers", "1", env=environment)
    assert middle.halted() == [process.pid]

    if how == signal.SIGKILL:
        kill(process)
    else:
        process.send_signal(how)
        go(process.pid)
        assert ended(process).returncode == 75
    assert not (slides / NAME).exists()
    again = run("lock", slides)

    assert again.returncode == 0, again.stderr
    assert "3 of 10 files were hashed before" in again.stderr
    assert len(read_lock(slides / NAME).files) == 10
    assert journals(slides) == []


def test_a_folder_that_is_not_whole_is_told_by_status_and_text(slides):
    (slides / NAME).unlink(missing_ok=True)

    assert run("verify", slides).returncode == 4
    assert run("lock", slides).returncode == 0
    os.truncate(slides / "s3.tif", SIZE)
    broken = run("verify", slides)
    os.truncate(slides / "s3.tif", SIZE + 3)

    assert (broken.returncode, "  changed s3.tif: " in broken.stdout) == (4, True)
