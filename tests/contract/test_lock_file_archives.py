"""Lock files of every version ever released stay readable, and prove what they did."""

from __future__ import annotations

from pathlib import Path

import pytest
from make_lock_archive import CONTENT, fill
from make_lock_archive import main as make_archive

from layer1_extract.dataset_lock.lock_file import FORMAT_VERSION, read_lock
from layer1_extract.dataset_lock.verifying import verify

ARCHIVES = Path(__file__).parent / "archives" / "lock_file"
SAMPLES = sorted(ARCHIVES.glob("v*/sample.sha256"))
DATASET = "feae5b69120dafc5823a8e69ac97e6947f379ac5e140456e1dd48638a7dd82b4"


def test_there_is_a_sample_of_the_first_version_and_of_this_one():
    assert ARCHIVES / "v1.0" / "sample.sha256" in SAMPLES
    assert ARCHIVES / f"v{FORMAT_VERSION}" / "sample.sha256" in SAMPLES


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_an_archived_lock_is_read_as_it_was_meant(path):
    lock = read_lock(path)

    assert {name: file.size for name, file in lock.files.items()} == {
        name: len(content) for name, content in CONTENT.items()
    }
    assert lock.dataset == DATASET


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_an_archived_lock_still_proves_a_folder_whole(path, tmp_path):
    fill(tmp_path)

    assert verify(tmp_path, workers=1, given=path).exit_status == 0
    (tmp_path / "a.mrxs").write_bytes(b"slidf")
    assert list(verify(tmp_path, workers=1, given=path).data["changed"]) == ["a.mrxs"]


def test_a_sample_is_never_written_anew():
    before = {path: path.read_bytes() for path in SAMPLES}

    make_archive()

    assert {path: path.read_bytes() for path in sorted(ARCHIVES.glob("v*/*"))} == before
