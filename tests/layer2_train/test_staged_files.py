from __future__ import annotations

import errno
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from patch_files import write_cohort

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from common.staging import CopyError, Scratch
from common.staging.copying import copied
from common.staging.owners import own_name
from layer2_train.cli import cli
from layer2_train.config import TrainSettings
from layer2_train.plan import make_plan
from layer2_train.ranks import Alone
from layer2_train.staged_files import CopiedPatchFile, on_scratch


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return make_plan(write_cohort(tmp_path_factory.mktemp("patches")), TrainSettings().split)


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch")


def pixels(file):
    rows = np.arange(len(file))
    found = file.read(rows)
    file.close()
    return found


def test_copies_hold_the_same_and_go_at_the_end(plan, scratch):
    with on_scratch(plan, scratch, Alone()) as local:
        for file, copy in zip(plan.files, local.files, strict=True):
            assert copy.path.is_relative_to(scratch.folder)
            assert copy.path.name == file.path.name
            assert copy.header == file.header
            assert np.array_equal(pixels(copy), pixels(file))
        assert (local.sources, local.places) == (plan.sources, plan.places)

    assert list(scratch.folder.iterdir()) == []


@pytest.mark.parametrize("ends", ["well", "by an error"])
def test_what_ranks_left_that_died_is_removed(plan, scratch, ends):
    dead = own_name().split(".")
    dead[-2] = "1"  # a process of this number began then, and is no more
    with suppress(ContractError), on_scratch(plan, scratch, Alone()):
        (scratch.folder / ".".join(dead)).mkdir(0o700)
        if ends != "well":
            raise ContractError("a.h5", "/patches", "pixels", "none")

    assert list(scratch.folder.iterdir()) == []


def test_without_scratch_it_is_the_same_plan(plan):
    with on_scratch(plan, None, Alone()) as local:
        assert local is plan


def test_files_for_which_there_is_no_room_are_read_in_place(plan, scratch, caplog):
    room = iter([1 << 30, 0] * len(plan.files))
    with on_scratch(plan, replace(scratch, room=lambda _: next(room)), Alone()) as local:
        in_place = [
            copy.path == file.path for copy, file in zip(local.files, plan.files, strict=True)
        ]

    assert in_place == [number % 2 == 1 for number in range(len(plan.files))]
    assert caplog.text.count("are read in place") == 1


@pytest.fixture
def full(scratch, monkeypatch):
    """A scratch disk on which no folder can be made any more."""
    make = Path.mkdir

    def refuse(path, *rest, **how):
        if path.is_relative_to(scratch.folder):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        make(path, *rest, **how)

    monkeypatch.setattr(Path, "mkdir", refuse)


@pytest.mark.usefixtures("full")
def test_without_a_folder_on_scratch_all_files_are_read_in_place(plan, scratch, caplog):
    """And the other ranks, which agree that all have their files, do not wait for this one."""
    agreed = []

    class Counting(Alone):
        def any(self, *, flag):
            agreed.append(flag)
            return flag

    with on_scratch(plan, scratch, Counting()) as local:
        assert local == plan

    assert agreed == [False]
    said = f"--scratch {scratch.folder}: all patch files are read in place: No space left on device"
    assert said in caplog.text


@pytest.mark.usefixtures("full")
def test_an_error_in_place_is_told_as_it_is(plan, scratch):
    error = ContractError("a.h5", "/patches", "pixels", "none")
    said = str(error)

    with pytest.raises(ContractError) as caught, on_scratch(plan, scratch, Alone()):
        raise error
    assert str(caught.value) == said


def test_a_copy_that_differs_twice_ends_the_training_by_the_name_of_the_file(plan, scratch):
    def damaged(source, target):
        sent = copied(source, target)
        target.write_bytes(bytes(target.stat().st_size))
        return sent

    with (
        pytest.raises(CopyError, match=f"{plan.files[0].path}: sha256"),
        on_scratch(plan, replace(scratch, copy=damaged), Alone()),
    ):
        pytest.fail("began")


def test_an_error_in_the_middle_is_about_the_file_itself(plan, scratch):
    with (
        pytest.raises(ContractError, match=rf"^{plan.files[0].path}: /patches") as caught,
        on_scratch(plan, scratch, Alone()) as local,
    ):
        raise ContractError(local.files[0].path, "/patches", "pixels", "none")

    assert "read from a copy in" in str(caught.value)


def test_a_copy_that_is_gone_is_read_in_place_from_then_on(plan, scratch, caplog):
    with on_scratch(plan, scratch, Alone()) as local:
        shutil.rmtree(scratch.folder)
        file = local.files[0]
        assert np.array_equal(file.read([0, 1]), plan.files[0].read([0, 1]))
        assert file.path == plan.files[0].path

    assert "read in place from now on" in caplog.text


def test_a_file_that_is_gone_too_is_told_once(tmp_path):
    file = CopiedPatchFile(tmp_path / "copy.h5", tmp_path / "source.h5")

    with pytest.raises(ContractError, match=r"source\.h5"):
        file.read([0])
    assert isinstance(file, PatchFile)


class TogetherOnANode(Alone):
    """One of two ranks in threads, which agree by a barrier."""

    def __init__(self, barrier, said):
        self.__dict__.update(barrier=barrier, said=said)

    def any(self, *, flag):
        self.said.append(flag)
        self.barrier.wait()
        found = any(self.said)
        if self.barrier.wait() == 0:
            self.said.clear()
        self.barrier.wait()
        return found


def test_ranks_of_a_node_copy_each_file_once_and_wait_for_one_another(plan, scratch):
    copies, together = [], threading.Barrier(2)

    def copy(source, target):
        copies.append(source.name)
        return copied(source, target)

    counting, said = replace(scratch, copy=copy), []

    def rank(_):
        with on_scratch(plan, counting, TogetherOnANode(together, said)) as local:
            files = [copy.path for copy in local.files]
            together.wait(60)
            found = [path.stat().st_ino for path in files]
            together.wait(60)
        return found

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(rank, range(2))

    assert one == other
    assert sorted(copies) == sorted(file.path.name for file in plan.files)
    assert list(scratch.folder.iterdir()) == []


def test_a_dry_run_says_what_would_be_copied(plan, scratch, tmp_path):
    folder = plan.files[0].path.parent
    words = ["train", "--patches", str(folder), "--out", str(tmp_path / "out"), "--dry-run"]
    words += ["--set", "network.name=camnet_small", "--scratch", str(scratch.folder)]

    said = CliRunner().invoke(cli, words).output

    assert f"scratch {scratch.folder}" in said
    assert f"{len(plan.files)} patch files" in said
    assert list(scratch.folder.iterdir()) == []
