from __future__ import annotations

import h5py
import numpy as np
import pytest
from broken_patch_files import change, replace, write_small

from common.errors import ContractError
from common.patch_file.check import check


@pytest.mark.parametrize(
    "shape", [(2, 8, 8, 3), (3, 8, 9, 3), (3, 9, 9, 3), (3, 8, 8, 1), (3, 8, 8)]
)
def test_patches_of_another_shape_are_found_without_decoding(tmp_path, shape):
    path = write_small(tmp_path / "s.h5")

    replace(path, "patches", np.zeros(shape, np.uint8), chunks=(1, *shape[1:]))

    with pytest.raises(ContractError, match="/patches: expected"):
        check(path)


@pytest.mark.parametrize("chunks", [None, (3, 8, 8, 3), (1, 4, 8, 3)])
def test_a_chunk_holds_one_patch(tmp_path, chunks):
    path = write_small(tmp_path / "s.h5")

    replace(path, "patches", np.zeros((3, 8, 8, 3), np.uint8), chunks=chunks)

    with pytest.raises(ContractError, match="/patches: expected one patch per chunk"):
        check(path)


@pytest.mark.parametrize("values", [np.arange(3), np.zeros(4, int), np.arange(4), np.arange(4.0)])
def test_offsets_rise_from_the_first_byte_to_the_last(tmp_path, values):
    path = write_small(tmp_path / "s.h5", "jpeg")

    replace(path, "jpeg_offsets", values)

    with pytest.raises(ContractError, match="/jpeg_offsets: expected"):
        check(path)


@pytest.mark.parametrize("quality", [None, 0, 101, 95.5, [95, 95]])
def test_offsets_say_the_quality_of_the_jpegs(tmp_path, quality):
    path = write_small(tmp_path / "s.h5", "jpeg")

    change(path, "jpeg_offsets", quality=quality)

    with pytest.raises(ContractError, match="/jpeg_offsets quality: expected 1 to 100"):
        check(path)


def test_pixels_are_stored_once(tmp_path):
    path = write_small(tmp_path / "s.h5")
    with h5py.File(path, "r+") as file:
        file["jpeg_bytes"] = np.zeros(3, np.uint8)

    with pytest.raises(ContractError, match="/jpeg_bytes: expected nothing beside /patches"):
        check(path)


def test_a_patch_that_does_not_decode_is_found_on_request(tmp_path):
    path = write_small(tmp_path / "s.h5", "jpeg")
    with h5py.File(path, "r+") as file:
        file["jpeg_bytes"][:] = 0

    check(path)
    with pytest.raises(ContractError, match=r"/jpeg_bytes\[0\]: .* bytes that do not decode"):
        check(path, decode=True)


@pytest.mark.parametrize(("codec", "name"), [("raw", "patches"), ("jpeg", "jpeg_bytes")])
def test_pixels_that_were_never_written_are_found_without_reading_them(tmp_path, codec, name):
    path = write_small(tmp_path / "s.h5", codec)
    with h5py.File(path, "r+") as file:
        shape = file[name].shape
        del file[name]
        file.create_dataset(name, shape, np.uint8, chunks=(1, *shape[1:]))[:2] = 1

    with pytest.raises(ContractError, match=f"/{name}: expected .* chunks, found 2: the rest was"):
        check(path)
