from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import pytest
from patch_files import write_patch_file

from common.patch_file.check import check
from common.patch_file.reader import PatchFile
from layer2_train.mined_file import Chosen, write_mined

SAMPLING = {"method": "mined", "seed": None, "model_sha256": "f" * 64}


def mined(out, paths, file, row):
    files = tuple(PatchFile(path) for path in paths)
    return PatchFile(write_mined(out, Chosen(files, np.array(file), np.array(row)), SAMPLING))


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
@pytest.mark.parametrize("placed", [True, False])
def test_pixels_and_all_that_is_known_of_the_slide_stay_as_they_are(tmp_path, codec, placed):
    path = write_patch_file(
        tmp_path,
        "s",
        patient="p",
        node="n",
        centre="c",
        split="train",
        codec=codec,
        placed=placed,
    )

    found = mined(tmp_path / "out", [path], [0, 0, 0], [6, 0, 4])

    header = check(found.path, decode=True)
    before = PatchFile(path)
    assert header == replace(before.header, sampling=SAMPLING, software=header.software)
    assert np.array_equal(found.read(range(3)), before.read([0, 4, 6]))
    assert np.array_equal(found.coords, before.coords[[0, 4, 6]])
    assert found.counts["normal"] == found.counts["kept"] == 3
    assert found.counts["rejected"] == 0


def test_jpeg_files_are_not_encoded_again(tmp_path):
    path = write_patch_file(tmp_path, "s", codec="jpeg")

    found = mined(tmp_path / "out", [path], [0], [2])

    with h5py.File(path) as file:
        first, end = file["jpeg_offsets"][2:4]
        stored = file["jpeg_bytes"][first:end]
    assert np.array_equal(found.file["jpeg_bytes"][:], stored)
    assert found.file["jpeg_offsets"].attrs["quality"] == 95


def test_parts_of_a_slide_become_one_file_by_place(tmp_path):
    one, other = (
        write_patch_file(tmp_path, "s", labels=[0] * n, part=part, parts=2)
        for part, n in ((0, 5), (1, 7))
    )

    found = mined(tmp_path / "out", [one, other], [1, 0, 1], [6, 2, 4])

    header = check(found.path, decode=True)
    assert (header.part, header.parts, found.path.name) == (0, 1, "s.h5")
    assert found.coords.tolist() == [[32, 0], [0, 16], [32, 16]]
    assert np.array_equal(found.read([0]), PatchFile(one).read([2]))


def test_files_stored_differently_become_raw(tmp_path):
    one = write_patch_file(tmp_path, "s", part=0, parts=2, labels=[0] * 2)
    other = write_patch_file(tmp_path, "s", part=1, parts=2, labels=[0] * 4, codec="jpeg")

    found = mined(tmp_path / "out", [one, other], [1, 0], [3, 1])

    assert found.codec == "raw"
    assert np.array_equal(found.read([1]), PatchFile(other).read([3]))
