"""Patch files of every version ever written are still read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from common.patch_file.check import check
from common.patch_file.reader import PatchFile

ARCHIVES = sorted((Path(__file__).parent / "archives" / "patch_file").glob("v*/*.h5"))


def test_there_is_a_sample_of_every_codec():
    assert {path.stem for path in ARCHIVES if path.parent.name == "v1.0"} == {
        "raw",
        "jpeg",
        "locations",
        "unplaced",
    }


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_archived_file_is_read_as_it_was_written(path):
    header = check(path, decode=True)
    file = PatchFile(path)

    assert header.slide_id == path.stem
    assert len(file) == file.counts["kept"] > 0
    if file.codec != "none":
        patches = file.read(np.arange(len(file)))
        assert patches.std() > 5
    if header.placed:
        assert (file.labels == 1).any()
        assert file.coords[0].tolist() == [256, 128]
    file.close()
