from __future__ import annotations

import os
import signal
import subprocess
import threading

import numpy as np
import pytest
from broken_patch_files import write_small
from file_limit import largest_file
from patch_headers import header

from common.errors import ConfigError
from common.patch_file.check import check
from common.patch_file.stream import RememberingStream
from common.patch_file.writer import open_writer


class AskedToStopError(Exception):
    pass


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 256 KiB."""
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def write_many(path, codec="raw", batches=40):
    rng = np.random.default_rng(0)
    with open_writer(path, header(patch_size=64), codec) as writer:
        for row in range(batches):
            xy = np.array([(0, row), (16, row)], np.int64)
            share = np.zeros(2, np.float32)
            patches = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
            writer.append(xy, np.zeros(2, np.int8), share, share, patches)
        writer.finish()


def test_what_is_written_is_in_the_file(tmp_path):
    with RememberingStream(tmp_path / "f", "x+b") as stream, stream.writing():
        assert stream.write(np.arange(5, dtype=np.int16)) == 10
        assert stream.truncate(8) == 8

    assert (tmp_path / "f").read_bytes() == np.arange(4, dtype=np.int16).tobytes()


def test_a_write_that_fails_is_told_at_the_end_only(tmp_path):
    with largest_file(4), RememberingStream(tmp_path / "f", "x+b") as stream:
        assert stream.write(b"0123456789") == 10
        assert stream.write(b"more") == 4
        assert stream.truncate(100) == 100
        with pytest.raises(OSError, match="File too large") as caught, stream.writing():
            pass

    assert type(caught.value) is OSError
    assert (tmp_path / "f").read_bytes() == b"0123"


def write_and_stumble(stream):
    with stream.writing():
        stream.write(b"0123456789")
        raise RuntimeError("HDF5 does not find what it wrote")


def test_the_first_error_is_told_though_another_followed_from_it(tmp_path):
    with (
        largest_file(4),
        RememberingStream(tmp_path / "f", "x+b") as stream,
        pytest.raises(OSError, match="File too large"),
    ):
        write_and_stumble(stream)


@pytest.mark.parametrize("room", [0, 1000, 3000, 100_000])
@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_a_patch_file_that_cannot_grow_leaves_an_error_and_nothing_else(tmp_path, codec, room):
    with largest_file(room), pytest.raises(ConfigError, match="File too large"):
        write_many(tmp_path / "s.h5", codec)

    assert os.listdir(tmp_path) == []


def test_a_file_that_fails_as_it_is_closed_leaves_an_error_and_nothing_else(tmp_path):
    size = write_small(tmp_path / "s.h5").stat().st_size
    (tmp_path / "s.h5").unlink()

    with largest_file(size - 1), pytest.raises(ConfigError, match="File too large"):
        write_small(tmp_path / "s.h5")

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_a_full_disk_is_told_and_nothing_is_left_on_it(small_disk, codec):
    with pytest.raises(ConfigError, match=r"s\.h5: .* No space left on device.* make room"):
        write_many(small_disk / "s.h5", codec, batches=200)

    assert os.listdir(small_disk) == []
    check(write_small(small_disk / "s.h5", "none"))


def write_and_be_stopped(path):
    with RememberingStream(path, "x+b") as stream, stream.writing():
        signal.raise_signal(signal.SIGUSR1)
        stream.write(b"whole")


def test_a_signal_waits_until_what_is_written_is_whole(tmp_path):
    def handler(*_):
        raise AskedToStopError

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(AskedToStopError):
            write_and_be_stopped(tmp_path / "f")
        assert signal.getsignal(signal.SIGUSR1) is handler
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert (tmp_path / "f").read_bytes() == b"whole"


def test_a_thread_writes_as_well(tmp_path):
    thread = threading.Thread(target=write_small, args=(tmp_path / "s.h5",))

    thread.start()
    thread.join()

    assert check(tmp_path / "s.h5").slide_id == "s"
