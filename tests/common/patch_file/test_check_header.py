from __future__ import annotations

import json

import numpy as np
import pytest
from broken_patch_files import WHOLE_GRID, change, write_small

from common.errors import ContractError
from common.patch_file.check import check

NO_PLACE = {"placed": False, "patch_size_level0": 0, "level0_width": 0, "level0_height": 0}

NOWHERE = np.full((2, 2), -1, np.int64)


def refused(path, message):
    with pytest.raises(ContractError, match=message):
        check(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("patch_mpp", 0.0, "patch_mpp: expected a number greater than 0"),
        ("patch_mpp", float("nan"), "patch_mpp: expected a number greater than 0"),
        ("level0_mpp", -1.0, "level0_mpp: expected a number greater than 0"),
        ("level0_width", 0, "level0_width: expected a number greater than 0"),
        ("split", "dev", "split: expected one of"),
        ("part", 5, "part: expected 0 to 0, found 5"),
        ("slide_id", "t", r"file name: expected t\.h5"),
        ("slide_fingerprint", "", "slide_fingerprint: expected a fingerprint, found none"),
        ("sampling", "{}", "sampling.method: expected a name, found None"),
        ("sampling", json.dumps({"method": 3}), "sampling.method: expected a name, found 3"),
    ],
)
def test_every_broken_attribute_is_named(tmp_path, name, value, message):
    path = write_small(tmp_path / "s.h5")

    change(path, "/", **{name: value})

    refused(path, message)


@pytest.mark.parametrize(
    ("sampling", "message"),
    [
        ({"method": "dense", "stride": 16}, "sampling.origin: expected"),
        ({"method": "dense", "stride": 16, "origin": [0]}, "sampling.origin: expected"),
        ({"method": "dense", "stride": 16, "origin": [0, 0.5]}, "sampling.origin: expected"),
        ({"method": "dense", "origin": [0, 0]}, "sampling.stride: expected"),
        ({"method": "dense", "origin": [0, 0], "stride": 0}, "sampling.stride: expected"),
    ],
)
def test_dense_sampling_says_its_grid(tmp_path, sampling, message):
    path = write_small(tmp_path / "s.h5", **WHOLE_GRID)

    change(path, "/", sampling=json.dumps(sampling))

    refused(path, message)


@pytest.mark.parametrize("name", ["patch_size_level0", "level0_width", "level0_height"])
def test_patches_without_a_place_are_not_measured_on_a_slide(tmp_path, name):
    path = write_small(tmp_path / "s.h5", kept=NOWHERE, rejected=NOWHERE[:0], **NO_PLACE)
    assert not check(path).placed

    change(path, "/", **{name: 16})

    refused(path, f"{name}: expected 0 without a place, found 16")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patch_level", 1),
        ("patch_size", 8),
        ("patch_size_level0", 32),
        ("downsample", [2.0, 2.0]),
        ("level_dim", [800, 1000]),
        ("downsampled_level_dim", 1000),
        ("level0_width", 999),
        ("overlap", 3),
        ("patch_spacing_um_px", 0.5),
        ("save_path", "/home/me"),
        ("target_magnification", 40),
        ("level0_magnification", "twenty"),
    ],
)
def test_what_other_tools_read_of_the_places_agrees_with_the_header(tmp_path, name, value):
    path = write_small(tmp_path / "s.h5")

    change(path, "coords", **{name: value})

    refused(path, f"/coords ({name}|level0_magnification): expected")


@pytest.mark.parametrize("name", ["patch_level", "name", "savetodir", "level0_magnification"])
def test_what_other_tools_need_of_the_places_is_there(tmp_path, name):
    path = write_small(tmp_path / "s.h5")

    change(path, "coords", **{name: None})

    refused(path, f"/coords {name}: expected .* found nothing")
