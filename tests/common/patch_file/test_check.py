from __future__ import annotations

import h5py
import numpy as np
import pytest
from patch_headers import header

from common.errors import ContractError
from common.patch_file.check import check, violations
from common.patch_file.writer import open_writer


@pytest.fixture(params=["raw", "jpeg"])
def path(tmp_path, request):
    xy = np.array([(0, 0), (16, 0), (0, 16)], np.int64)
    with open_writer(tmp_path / "s.h5", header(), request.param) as writer:
        share = np.array([0, 1, np.nan], np.float32)
        labels = np.array([0, 1, -1], np.int8)
        writer.append(xy, labels, share, share, np.zeros((3, 8, 8, 3), np.uint8))
        writer.reject(np.array([(32, 0)], np.int64), "white")
        writer.finish()
    return tmp_path / "s.h5"


def replace(path, name, values):
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


def test_a_file_as_written_keeps_the_specification(path):
    assert check(path, decode=True) == header()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("coords", np.zeros((3, 2), np.int32), r"/coords: expected \(N, 2\) int64"),
        ("coords", np.zeros((2, 2), np.int64), r"/coords: expected|rows"),
        ("coords", np.array([(0, 16), (0, 0), (16, 0)]), "by row, then by column"),
        ("coords", np.array([(0, 0), (16, 0), (0, 785)]), "patches that leave it"),
        ("coords", np.array([(-1, 0), (16, 0), (0, 16)]), "patches that leave it"),
        ("labels", np.array([0, 1, 2], np.int8), "/labels: expected -1, 0 or 1"),
        ("labels", np.zeros((3, 1), np.int8), "/labels: expected"),
        ("tumor_fraction", np.array([0, 1.5, 0], np.float32), "/tumor_fraction: expected 0 to 1"),
        ("tissue_fraction", np.zeros(3, np.float64), "/tissue_fraction: expected"),
        ("rejected_reason", np.array([99], np.uint8), "/rejected_reason: expected codes"),
        (
            "rejected_coords",
            np.zeros((2, 2), np.int64),
            "/rejected_reason: expected 2 rows, found 1",
        ),
    ],
)
def test_every_broken_dataset_is_named(path, name, values, message):
    replace(path, name, values)

    with pytest.raises(ContractError, match=message):
        check(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("patch_mpp", 0.0, "patch_mpp: expected a number greater than 0"),
        ("split", "dev", "split: expected one of"),
        ("part", 5, "part: expected 0 to 0, found 5"),
        ("slide_id", "t", r"file name: expected t\.h5"),
        ("counts", "{}", "counts.kept: expected 3"),
        ("counts", "nonsense", "counts: expected a JSON object"),
    ],
)
def test_every_broken_attribute_is_named(path, name, value, message):
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value

    with pytest.raises(ContractError, match=message):
        check(path)


@pytest.mark.parametrize("name", ["coords", "labels", "rejected_coords", "tissue_fraction"])
def test_every_missing_dataset_is_named(path, name):
    with h5py.File(path, "r+") as file:
        del file[name]

    with pytest.raises(ContractError, match=f"/{name}: expected .* found nothing"):
        check(path)


def test_several_violations_are_all_told(path):
    with h5py.File(path, "r+") as file:
        file.attrs["split"] = "dev"
        file.attrs["patch_mpp"] = -1.0

    assert len(list(violations(path))) == 2


def test_pixels_of_another_shape_are_found_without_decoding(path):
    with h5py.File(path, "r+") as file:
        name = "patches" if "patches" in file else "jpeg_offsets"
        del file[name]
        file[name] = np.zeros((2, 8, 8, 3), np.uint8) if name == "patches" else np.arange(3)

    with pytest.raises(ContractError, match="/patches: expected|/jpeg_offsets: expected"):
        check(path)


def test_a_patch_that_does_not_decode_is_found_on_request(tmp_path):
    with open_writer(tmp_path / "s.h5", header(), "jpeg") as writer:
        zero = np.zeros(1, np.float32)
        patches = np.zeros((1, 8, 8, 3), np.uint8)
        writer.append(np.zeros((1, 2), np.int64), np.zeros(1, np.int8), zero, zero, patches)
        writer.finish()
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        file["jpeg_bytes"][:] = 0

    check(tmp_path / "s.h5")
    with pytest.raises(ContractError, match=r"/jpeg_bytes\[0\]: .* bytes that do not decode"):
        check(tmp_path / "s.h5", decode=True)


def test_patches_without_a_place_have_none(tmp_path):
    changes = {"placed": False, "patch_size_level0": 0, "level0_width": 0, "level0_height": 0}
    with open_writer(tmp_path / "s.h5", header(**changes), "none") as writer:
        zero = np.zeros(1, np.float32)
        writer.append(np.full((1, 2), -1, np.int64), np.zeros(1, np.int8), zero, zero)
        writer.finish()
    check(tmp_path / "s.h5")

    replace(tmp_path / "s.h5", "coords", np.zeros((1, 2), np.int64))
    with pytest.raises(ContractError, match="expected -1 without a place"):
        check(tmp_path / "s.h5")
