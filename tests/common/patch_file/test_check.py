from __future__ import annotations

import h5py
import numpy as np
import pytest
from broken_patch_files import change, replace, write_small
from patch_headers import header
from project import ROOT

from common.errors import ContractError
from common.patch_file.check import check, violations

ARCHIVE = ROOT / "tests" / "contract" / "archives" / "patch_file" / "v1.0"
SEED, FLIPS = 0, 200


@pytest.fixture(params=["raw", "jpeg"])
def path(tmp_path, request):
    return write_small(tmp_path / "s.h5", request.param)


@pytest.mark.parametrize("codec", ["raw", "jpeg", "none"])
def test_a_file_as_written_keeps_the_specification(tmp_path, codec):
    assert check(write_small(tmp_path / "s.h5", codec), decode=True) == header()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("coords", np.zeros((3, 2), np.int32), r"/coords: expected \(N, 2\) int64"),
        ("labels", np.zeros((3, 1), np.int8), r"/labels: expected \(N,\) int8"),
        ("labels", h5py.Empty("int8"), r"/labels: expected \(N,\) int8, found None"),
        ("labels", np.zeros(2, np.int8), "/labels: expected 3 rows, found 2"),
        ("tissue_fraction", np.zeros(3, np.float64), "/tissue_fraction: expected"),
        ("rejected_coords", np.zeros((2, 2), np.int64), "/rejected_reason: expected 2 rows"),
    ],
)
def test_every_dataset_of_another_shape_is_named(path, name, values, message):
    replace(path, name, values)

    with pytest.raises(ContractError, match=message):
        check(path)


@pytest.mark.parametrize("name", ["coords", "labels", "rejected_coords", "tissue_fraction"])
def test_every_missing_dataset_is_named(path, name):
    with h5py.File(path, "r+") as file:
        del file[name]

    with pytest.raises(ContractError, match=f"/{name}: expected .* found nothing"):
        check(path)


def test_several_violations_are_all_told(path):
    change(path, "/", split="dev", level0_mpp=-1.0)

    assert len(list(violations(path))) == 2


@pytest.mark.parametrize("name", ["raw", "jpeg", "locations"])
def test_whatever_byte_of_an_archived_file_is_flipped_the_damage_is_a_contract_error(
    tmp_path, name
):
    """Of files that never change, from a seed: a very few flips send HDF5 round in circles."""
    whole = (ARCHIVE / f"{name}.h5").read_bytes()
    written = np.flatnonzero(np.frombuffer(whole, np.uint8))
    rng = np.random.default_rng(SEED)
    broken = 0
    for at in rng.choice(written, FLIPS):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        (tmp_path / f"{name}.h5").write_bytes(damaged)

        found = list(violations(tmp_path / f"{name}.h5", decode=True))

        assert all(type(one) is ContractError for one in found)
        broken += bool(found)
    assert broken > FLIPS // 20
