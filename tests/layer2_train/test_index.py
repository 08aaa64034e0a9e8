from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from clocks import tick
from patch_files import write_patch_file

from common.errors import ConfigError
from common.patch_file.reader import PatchFile
from layer2_train import index as module
from layer2_train.index import open_index

LABELS = {"a": [0, 1, 0, 1, 1], "b": [0, -1, 0, -1], "c": [1, 0, 1], "d": [-1]}
CENTRES = {"a": "z", "b": "y", "c": "z", "d": ""}


def write(folder, **changes):
    labels = {**LABELS, **changes}
    paths = [
        write_patch_file(folder, name, labels=own, centre=CENTRES[name])
        for name, own in labels.items()
    ]
    return [PatchFile(path) for path in paths]


@pytest.fixture
def built(monkeypatch):
    """How often an index was written."""
    written = []
    real = module._write
    monkeypatch.setattr(module, "_write", lambda *given: (written.append(1), real(*given)))
    return written


def test_says_label_and_row_of_every_labelled_patch(tmp_path):
    index = open_index(write(tmp_path), tmp_path / "index")

    assert index.labels.tolist() == [0, 1, 0, 1, 1, 0, 0, 1, 0, 1]
    assert index.rows.tolist() == [0, 1, 2, 3, 4, 0, 2, 0, 1, 2]
    assert index.counts.tolist() == [[2, 3], [2, 0], [1, 2], [0, 0]]


def test_members_stand_by_label_then_centre_then_place(tmp_path):
    index = open_index(write(tmp_path), tmp_path / "index")

    assert index.members.tolist() == [5, 6, 0, 2, 8, 1, 3, 4, 7, 9]


def test_is_mapped_from_disk_and_survives_its_folder(tmp_path):
    files = write(tmp_path)
    index = open_index(files, tmp_path / "index")

    for path in [*(tmp_path / "index").glob("*/*")]:
        path.unlink()

    for column in (index.labels, index.rows, index.members):
        assert isinstance(column.base, np.memmap)
    assert index.rows.sum() == 15


def test_is_written_once(tmp_path, built):
    files = write(tmp_path)

    for _ in range(2):
        index = open_index(files, tmp_path / "index")

    assert len(built) == 1
    assert index.labels.sum() == 5


@pytest.mark.parametrize("how", ["labels", "touched", "fewer", "order"])
def test_other_files_have_an_index_of_their_own(tmp_path, built, how):
    files = write(tmp_path)
    open_index(files, tmp_path / "index")
    tick(tmp_path)
    if how == "labels":
        files = write(tmp_path, c=[0, 0, 0])
    elif how == "touched":
        os.utime(files[0].path, ns=(1, 1))
    else:
        files = files[:3] if how == "fewer" else files[::-1]

    index = open_index(files, tmp_path / "index")

    assert len(built) == 2
    known = [file.labels[file.labels >= 0] for file in files]
    assert index.labels.tolist() == np.concatenate(known).tolist()


@pytest.mark.parametrize("name", ["labels", "rows", "members", "counts"])
def test_an_index_that_was_cut_off_is_written_anew(tmp_path, built, name):
    files = write(tmp_path)
    open_index(files, tmp_path / "index")
    (path,) = (tmp_path / "index").glob(f"*/{name}")
    os.truncate(path, path.stat().st_size - 1)

    index = open_index(files, tmp_path / "index")

    assert len(built) == 2
    assert index.labels.sum() == 5


def test_an_index_whose_writing_was_stopped_is_absent(tmp_path, built, monkeypatch):
    files = write(tmp_path)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_write_members", stop)
        with pytest.raises(KeyboardInterrupt):
            open_index(files, tmp_path / "index")

    assert open_index(files, tmp_path / "index").labels.sum() == 5
    assert len(built) == 2


def test_several_processes_may_write_it_at_once(tmp_path):
    files = write(tmp_path)
    found, together = [], threading.Barrier(4)

    def look():
        together.wait()
        own = [PatchFile(file.path) for file in files]
        module._write(own, tmp_path / "index" / module._identity(own))
        found.append(open_index(own, tmp_path / "index").members.tolist())

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [[5, 6, 0, 2, 8, 1, 3, 4, 7, 9]] * 4
    assert not list(tmp_path.rglob("*.partial"))


def test_files_without_a_labelled_patch_have_an_empty_one(tmp_path):
    files = [PatchFile(write_patch_file(tmp_path, "a", labels=[-1, -1]))]

    index = open_index(files, tmp_path / "index")

    assert len(index.labels) == len(index.members) == 0
    assert index.counts.tolist() == [[0, 0]]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    files = write(tmp_path)
    (tmp_path / "index").write_text("a file")

    with pytest.raises(ConfigError, match="index.*expected a file that can be written"):
        open_index(files, tmp_path / "index")


def test_files_are_closed_again(tmp_path):
    files = write(tmp_path)

    open_index(files, tmp_path / "index")

    assert all(file._handle is None for file in files[1:])
