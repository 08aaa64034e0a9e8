"""Where results cannot be written: a full disk, a read-only folder, another user's."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from real_command import done, run
from results_folder import assert_same_results, assert_sound, traces
from tiff_slides import write_cohort_folder

DENSE = ("--set", "sampling.method=dense", "--workers", "1")
SMALL = ("--set", "patch.size=32", "--set", "patch.mpp=0.5", *DENSE)
TISSUE = ("--set", "tissue.min_area_um2=1000", "--set", "tissue.close_um=16")
WORDS = (*SMALL, *TISSUE)
NOBODY = 65534
FOLDERS = ("patches", "previews", "masks", "outcomes", "running")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = write_cohort_folder(tmp_path_factory.mktemp("slides") / "cohort", slides=2)
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


@pytest.fixture(scope="module")
def whole(cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    done("extract", cohort, "--out", out, *WORDS)
    return out


@contextmanager
def small_disk(folder, size):
    """A disk of `size` bytes at `folder`, or a skip where none can be made."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a disk is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def refused(result, *said):
    """The command said in a line which file cannot be written, and is no bug."""
    text = result.stdout + result.stderr
    assert result.returncode == 2, text
    assert "Traceback" not in text
    assert "expected a file that can be written" in text
    for word in said:
        assert word in text


def sizes(folder):
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_a_disk_that_fills_up_is_named_and_with_room_again_the_same_command_finishes(
    cohort, whole, tmp_path
):
    needed = sum(sizes(whole).values())
    with small_disk(tmp_path / "disk", 8 << 20) as disk:
        ballast, out = disk / "ballast", disk / "out"
        room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
        for share in (0.05, 0.45, 0.7):
            with ballast.open("wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, room - int(share * needed))

            refused(run("extract", cohort, "--out", out, *WORDS), str(out), "No space left")

            assert traces(out) == []
            if files := list((out / "patches").glob("*.h5")):
                done("check", "--decode", *files)
            ballast.unlink()
            shutil.rmtree(out) if share < 0.7 else None

        done("extract", cohort, "--out", out, *WORDS)

        assert_same_results(out, whole)
        assert_sound(out)


def test_a_disk_without_room_for_one_byte_is_named_at_once(cohort, tmp_path):
    with small_disk(tmp_path / "disk", 1 << 16) as disk:
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free))

        refused(run("extract", cohort, "--out", disk / "out", *WORDS), "No space left")


@pytest.mark.parametrize("limit", [300, 2_000, 200_000])
def test_files_that_may_not_grow_are_named_wherever_the_limit_is_met(
    cohort, whole, tmp_path, limit
):
    out = tmp_path / "out"

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    refused(run("extract", cohort, "--out", out, *WORDS, preexec_fn=limited), "File too large")
    assert traces(out) == []

    done("extract", cohort, "--out", out, *WORDS)
    assert_same_results(out, whole)


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_file_where_the_folder_should_be_is_named(cohort, tmp_path, inside):
    (tmp_path / "file").write_text("mine")

    refused(run("extract", cohort, "--out", tmp_path / "file" / inside, *WORDS), "file")

    assert (tmp_path / "file").read_text() == "mine"


def ordinary():
    """From the next program on, permissions hold for root too."""
    for capability in (1, 2, 3):  # DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_folder_that_may_not_be_written_is_named(cohort, tmp_path, inside):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)

    refused(run("extract", cohort, "--out", locked / inside, *WORDS, preexec_fn=ordinary), "locked")

    assert list(locked.iterdir()) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_results_that_may_not_be_written_is_named(cohort, whole, tmp_path, folder):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    name = "patient_000_node_0"
    for path in (f"outcomes/{name}.json", f"masks/{name}.geojson"):
        (out / path).unlink()
    (out / folder).chmod(0o555)

    refused(run("extract", cohort, "--out", out, *WORDS, preexec_fn=ordinary), str(out / folder))

    (out / folder).chmod(0o755)
    done("extract", cohort, "--out", out, *WORDS, preexec_fn=ordinary)
    assert_same_results(out, whole)


def test_a_folder_of_another_user_is_named(cohort, tmp_path):
    folder = tmp_path / "others"
    folder.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to another user")
    os.chown(folder, NOBODY, NOBODY)

    refused(run("extract", cohort, "--out", folder, *WORDS, preexec_fn=ordinary), "others")


def test_what_another_user_finished_is_taken_as_it_is(cohort, whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    before = sizes(out)
    for path in (out, *out.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    result = run("extract", cohort, "--out", out, *WORDS, preexec_fn=ordinary)

    assert result.returncode == 0, result.stderr
    assert "2 from an earlier run" in result.stdout
    assert sizes(out) == before


def test_slides_and_what_lies_beside_them_are_never_touched(cohort, tmp_path):
    def seen():
        stats = {path: path.stat() for path in cohort.rglob("*")}
        return {path: (one.st_mode, one.st_size, one.st_mtime_ns) for path, one in stats.items()}

    before, cut = seen(), ("--blocks", "2", "--workers", "2")
    done("extract", cohort, "--out", tmp_path / "out", *WORDS, *cut, preexec_fn=ordinary)

    assert seen() == before
