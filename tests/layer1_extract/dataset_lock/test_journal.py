from __future__ import annotations

import os

import pytest

from layer1_extract.dataset_lock.hashing import Hashed
from layer1_extract.dataset_lock.journal import journal, remembered
from layer1_extract.dataset_lock.listing import list_files


@pytest.fixture
def files(tmp_path):
    for name in ("a", "b", "\udcff\n"):
        (tmp_path / name).write_text(name, errors="surrogateescape")
        os.utime(tmp_path / name, (1, 1))
    return list_files(tmp_path).files


def written(folder, files):
    with journal(folder) as kept:
        for name, file in files.items():
            kept.add(Hashed(name, file, name[0].encode(errors="surrogateescape").hex() * 32))
    (path,) = folder.glob(".*.journal")
    return path


def test_what_was_hashed_is_remembered_whatever_its_name(tmp_path, files):
    written(tmp_path, files)

    assert remembered(tmp_path, files).keys() == files.keys()


@pytest.mark.parametrize("key", ["size", "modified", "changed"])
def test_a_file_that_is_no_longer_the_same_is_not(tmp_path, files, key):
    from dataclasses import replace

    written(tmp_path, files)
    now = {**files, "a": replace(files["a"], **{key: 7})}

    assert "a" not in remembered(tmp_path, now)
    assert "b" in remembered(tmp_path, now)


def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path, files):
    path = written(tmp_path, files)
    whole = path.read_text()
    for length in range(len(whole)):
        path.write_text(whole[:length])
        assert len(remembered(tmp_path, files)) >= whole[:length].count("\n")
    path.write_text(whole[:-9] + "\nnull\n[1]\n3\n" + whole)

    assert remembered(tmp_path, files).keys() == files.keys()


def test_a_file_written_just_before_is_not_trusted(tmp_path):
    (tmp_path / "a").write_text("just now")
    files = list_files(tmp_path).files

    with journal(tmp_path) as kept:
        kept.add(Hashed("a", files["a"], "a" * 64))

    assert remembered(tmp_path, files) == {}


def test_several_processes_have_journals_of_their_own(tmp_path, files):
    with journal(tmp_path) as one, journal(tmp_path) as other:
        one.add(Hashed("a", files["a"], "a" * 64))
        other.add(Hashed("b", files["b"], "b" * 64))

    assert remembered(tmp_path, files) == {"a": "a" * 64, "b": "b" * 64}


def test_a_process_that_ends_first_takes_nothing_from_another_that_goes_on(tmp_path, files):
    with journal(tmp_path) as one, journal(tmp_path) as other:
        one.remove()
        other.add(Hashed("b", files["b"], "b" * 64))

    assert remembered(tmp_path, files) == {"b": "b" * 64}


def test_nothing_is_left_where_nothing_was_hashed_or_all_is_locked(tmp_path, files):
    with journal(tmp_path):
        pass
    assert list(tmp_path.glob(".*")) == []

    written(tmp_path, files)
    with journal(tmp_path) as kept:
        kept.remove()
    assert list(tmp_path.glob(".*")) == []
