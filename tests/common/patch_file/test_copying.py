from __future__ import annotations

import h5py
import numpy as np
import pytest
from patch_headers import header

from common.errors import ContractError
from common.patch_file.copying import quality_of, stored_reader
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer

PATCHES = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)


def written(path, codec, quality=80):
    coords = np.array([[16 * i, 0] for i in range(len(PATCHES))], np.int64)
    fraction = np.full(len(PATCHES), np.nan, np.float32)
    labels = np.zeros(len(PATCHES), np.int8)
    with open_writer(path, header(), codec, quality) as writer:
        writer.append(coords, labels, fraction, fraction, None if codec == "none" else PATCHES)
        writer.finish()
    return PatchFile(path)


def test_raw_pixels_are_read_as_they_are(tmp_path):
    read = stored_reader(written(tmp_path / "s.h5", "raw"))

    assert np.array_equal(read(1, 4), PATCHES[1:4])


def test_jpeg_files_are_not_decoded(tmp_path):
    file = written(tmp_path / "s.h5", "jpeg")
    read = stored_reader(file)
    stored = file.column("jpeg_bytes")

    assert quality_of(file) == 80
    assert np.array_equal(np.concatenate(read(0, 5)), stored)
    assert len(read(2, 4)) == 2
    assert all(bytes(one[:2]) == b"\xff\xd8" for one in read(2, 4))


def test_a_file_of_locations_has_nothing_to_copy(tmp_path):
    file = written(tmp_path / "s.h5", "none")

    assert stored_reader(file)(0, 5) is None
    assert quality_of(file) is None


def test_offsets_that_lead_elsewhere_are_refused(tmp_path):
    written(tmp_path / "s.h5", "jpeg").close()
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        file["jpeg_offsets"][-1] += 1

    with pytest.raises(ContractError, match="/jpeg_offsets: expected 6 rising offsets"):
        stored_reader(PatchFile(tmp_path / "s.h5"))
