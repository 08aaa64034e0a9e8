from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ContractError
from common.files import sha256
from layer1_extract.dataset_lock.lock_file import (
    NAME,
    Lock,
    LockedFile,
    read_lock,
    shown,
    write_lock,
)

ODD_NAMES = (
    "a b.tif",
    "back\\slash",
    "line\nfeed",
    "car\rriage",
    "#hash",
    "-dash",
    "*star",
    "\udcff",
)

names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
files = st.dictionaries(
    paths, st.builds(LockedFile, st.integers(0, 2**50), st.sampled_from(["a" * 64, "0b" * 32]))
)


def folder_of_odd_names(folder):
    for name in ODD_NAMES:
        (folder / name).write_bytes(os.fsencode(name))
    return {name: LockedFile(len(os.fsencode(name)), sha256(folder / name)) for name in ODD_NAMES}


@given(files=files)
def test_what_is_written_is_read(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("lock") / NAME
    made = Lock.now(files)

    write_lock(path, made)

    assert read_lock(path) == made
    assert list(read_lock(path).files) == sorted(files, key=os.fsencode)


def test_the_name_of_a_dataset_follows_from_its_files_alone():
    files = {"b": LockedFile(1, "a" * 64), "a": LockedFile(2, "b" * 64)}
    one = Lock.now(files)
    other = Lock(dict(one.files), "another software", "another day")

    assert one.dataset == other.dataset
    assert one.dataset != Lock.now({**files, "b": LockedFile(1, "c" * 64)}).dataset
    assert one.dataset != Lock.now({"c": files["b"], "a": files["a"]}).dataset


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum of coreutils here")
def test_sha256sum_reads_it_whatever_the_names(tmp_path):
    write_lock(tmp_path / NAME, Lock.now(folder_of_odd_names(tmp_path)))
    check = ["sha256sum", "--check", "--strict", NAME]

    good = subprocess.run(check, cwd=tmp_path, capture_output=True, check=False)
    (tmp_path / "line\nfeed").write_text("other")
    bad = subprocess.run(check, cwd=tmp_path, capture_output=True, check=False)

    assert (good.returncode, good.stdout.count(b": OK\n")) == (0, len(ODD_NAMES))
    assert (bad.returncode, bad.stdout.count(b": FAILED\n")) == (1, 1)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum of coreutils here")
def test_the_name_of_a_dataset_is_what_the_specification_computes(tmp_path):
    made = Lock.now(folder_of_odd_names(tmp_path))
    write_lock(tmp_path / NAME, made)

    line = f"grep -av '^#' {NAME} | sha256sum"
    said = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, check=True)

    assert said.stdout.split()[0].decode() == made.dataset


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ("camnet-lock 1.0", "camnet-lock 2.0", "version"),
        ("camnet-lock 1.0", "something-else 1.0", "line 1"),
        ("# files 2", "# files 3", "files"),
        ("# files 2\n", "", "files"),
        ("# bytes 3", "# bytes 4", "bytes"),
        ("a" * 64, "b" * 64, "dataset"),
        ("# size 1\n", "# size 9\n", "bytes"),
        ("# size 1\n", "", "line 9"),
        ("  a.tif", "  ../a.tif", "line 8"),
        ("  a.tif", "  /a.tif", "line 8"),
        ("  a.tif", "  z.tif", "line 10"),
        ("  a.tif", "  b.tif", "line 10"),
        ("  a.tif", " a.tif", "line 8"),
    ],
)
def test_a_lock_that_breaks_its_specification_is_refused_by_name(tmp_path, old, new, item):
    path = tmp_path / NAME
    write_lock(path, Lock.now({"a.tif": LockedFile(2, "a" * 64), "b.tif": LockedFile(1, "0" * 64)}))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(ContractError) as refused:
        read_lock(path)

    assert refused.value.item == item


@pytest.mark.parametrize("cut", [1, 30, 100, 200])
def test_a_lock_that_was_copied_in_part_is_refused(tmp_path, cut):
    path = tmp_path / NAME
    write_lock(path, Lock.now({"a": LockedFile(2, "a" * 64), "b": LockedFile(1, "0" * 64)}))
    path.write_bytes(path.read_bytes()[:-cut])

    with pytest.raises(ContractError):
        read_lock(path)


def test_no_lock_at_all_is_told_with_what_to_do(tmp_path):
    with pytest.raises(ContractError, match="Make one with layer1-extract lock"):
        read_lock(tmp_path / NAME)


def test_a_newer_minor_version_may_say_more(tmp_path):
    path = tmp_path / NAME
    made = Lock.now({"a": LockedFile(2, "a" * 64)})
    write_lock(path, made)
    text = path.read_text().replace("camnet-lock 1.0", "camnet-lock 1.7")
    path.write_text(text.replace("# made", "# colour blue\n#\n# made"))

    assert read_lock(path) == made


def test_a_name_is_shown_in_letters_every_terminal_takes():
    assert shown("two\nlines \udcff") == "two\\nlines \\udcff"
