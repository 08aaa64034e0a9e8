from __future__ import annotations

import h5py
import numpy as np
import pytest
from broken_patch_files import change, write_small

from common.errors import ContractError
from common.patch_file.check import check, violations
from common.patch_file.container import guarded
from common.patch_file.reader import PatchFile


@pytest.mark.parametrize("error", [OSError, KeyError, RuntimeError, TypeError, MemoryError])
def test_whatever_damage_causes_names_file_and_item(tmp_path, error):
    with (
        pytest.raises(ContractError, match=r"s\.h5: counts: expected .* found .*it broke"),
        guarded(tmp_path / "s.h5", "counts"),
    ):
        raise error("it broke")


def test_an_error_that_names_its_item_stays_as_it_is(tmp_path):
    first = ContractError("s.h5", "labels", "this", "that")

    with pytest.raises(ContractError) as caught, guarded(tmp_path / "s.h5", "counts"):
        raise first
    assert caught.value is first


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"format": [1, 2]}, "format: expected"),
        ({"format": None}, "format: expected camnet-patches, found None"),
        ({"format_version": 1.0}, "format_version: expected"),
        ({"complete": np.array([True, True])}, "complete: expected true"),
        ({"complete": np.array([True])}, "complete: expected true"),
        ({"complete": 1}, "complete: expected true"),
        ({"complete": "true"}, "complete: expected true"),
        ({"complete": None}, "complete: expected true"),
        ({"sampling": 3}, "attributes: expected .* sampling"),
        ({"sampling": "[" * 100_000}, "attributes: expected"),
        ({"slide_id": h5py.Empty("f")}, "attributes: expected .* slide_id"),
        ({"placed": [True]}, "attributes: expected .* placed"),
    ],
)
def test_attributes_of_another_kind_are_refused(tmp_path, attributes, message):
    path = write_small(tmp_path / "s.h5")

    change(path, "/", **attributes)

    with pytest.raises(ContractError, match=message):
        _ = PatchFile(path).header


def test_texts_of_fixed_length_are_texts(tmp_path):
    path = write_small(tmp_path / "s.h5")

    change(path, "/", format=np.bytes_("camnet-patches"), slide_id=np.bytes_("s"))

    assert check(path).slide_id == "s"


@pytest.mark.parametrize("name", ["coords", "labels", "patches", "jpeg_bytes", "jpeg_offsets"])
@pytest.mark.parametrize("what", ["group", "dangling link", "scalar", "nothing", "floats", "texts"])
def test_what_is_no_dataset_of_its_kind_is_refused_by_name(tmp_path, name, what):
    path = write_small(tmp_path / "s.h5", "jpeg" if "jpeg" in name else "raw")
    kinds = {"scalar": 3, "nothing": h5py.Empty("u1"), "floats": [0.5, 1.5], "texts": ["a", "b"]}
    with h5py.File(path, "r+") as file:
        del file[name]
        if what == "group":
            file.create_group(name)
        elif what == "dangling link":
            file[name] = h5py.SoftLink("/nowhere")
        else:
            file[name] = kinds[what]

    assert f"/{name}: expected" in str([str(one) for one in violations(path)])
    with pytest.raises(ContractError, match=f"/{name}: expected"):
        PatchFile(path).column(name)
    with pytest.raises(ContractError):
        check(path, decode=True)


def test_a_dataset_that_claims_more_than_the_file_stores_is_not_read(tmp_path):
    path = write_small(tmp_path / "s.h5")
    with h5py.File(path, "r+") as file:
        del file["coords"]
        file.create_dataset("coords", (10**12, 2), np.int64, chunks=(1024, 2))

    with pytest.raises(ContractError, match="/coords: expected at most .* more than are stored"):
        _ = PatchFile(path).coords
