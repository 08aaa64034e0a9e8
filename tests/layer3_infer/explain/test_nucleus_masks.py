"""Nuclei given by the user."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from patch_files import write_patch_file

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from layer3_infer.explain.nucleus_masks import NucleusMasks, mask_path

LABELS = np.arange(6 * 16 * 16).reshape(6, 16, 16) % 7


@pytest.fixture
def patches(tmp_path):
    with_pixels = PatchFile(write_patch_file(tmp_path / "patches", "a.b", n=6, size=16))
    yield with_pixels
    with_pixels.close()


def given(folder, patches, labels, coords=None):
    """Write `labels` where they are expected."""
    folder.mkdir(exist_ok=True)
    with h5py.File(mask_path(folder, patches), "w") as file:
        file["nuclei"] = labels
        if coords is not None:
            file["coords"] = coords
    return folder


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i4", "i8"])
def test_labels_come_in_the_order_asked_for(tmp_path, patches, dtype):
    folder = given(tmp_path / "masks", patches, LABELS.astype(dtype), patches.coords)

    found = NucleusMasks(folder, patches).read([4, 0, 4])

    np.testing.assert_array_equal(found, LABELS[[4, 0, 4]])


def test_the_file_is_named_after_the_patch_file(tmp_path, patches):
    assert mask_path(tmp_path, patches).name == "a.b.nuclei.h5"


def test_without_places_the_rows_are_trusted(tmp_path, patches):
    masks = NucleusMasks(given(tmp_path / "masks", patches, LABELS), patches)

    assert masks.read([]).shape == (0, 16, 16)


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        pytest.param(LABELS[:5], r"\(5, 16, 16\) int64", id="fewer"),
        pytest.param(LABELS[:, :15], r"\(6, 15, 16\) int64", id="another size"),
        pytest.param(LABELS / 2, r"\(6, 16, 16\) float64", id="no whole numbers"),
    ],
)
def test_labels_of_another_shape_are_refused_by_name(tmp_path, patches, labels, found):
    folder = given(tmp_path / "masks", patches, labels)

    message = rf"a\.b\.nuclei\.h5: /nuclei: expected \(6, 16, 16\) of whole numbers, found {found}"
    with pytest.raises(ContractError, match=message):
        NucleusMasks(folder, patches)


def test_labels_in_another_order_are_refused(tmp_path, patches):
    folder = given(tmp_path / "masks", patches, LABELS, patches.coords[::-1])

    with pytest.raises(ContractError, match="/coords: expected those of a.b.h5, found .* in row 0"):
        NucleusMasks(folder, patches)


def test_places_of_another_shape_are_refused(tmp_path, patches):
    folder = given(tmp_path / "masks", patches, LABELS, patches.coords[:3])

    with pytest.raises(ContractError, match=r"/coords: .*found \(3, 2\)"):
        NucleusMasks(folder, patches)


def test_a_missing_file_is_named(tmp_path, patches):
    with pytest.raises(ContractError, match=r"a\.b\.nuclei\.h5: /nuclei: .*found no file"):
        NucleusMasks(tmp_path, patches)


def test_a_file_without_nuclei_says_what_it_holds(tmp_path, patches):
    with h5py.File(mask_path(tmp_path, patches), "w") as file:
        file["masks"] = LABELS

    with pytest.raises(ContractError, match="found masks"):
        NucleusMasks(tmp_path, patches)


def test_a_damaged_file_is_refused(tmp_path, patches):
    mask_path(tmp_path, patches).write_bytes(b"no HDF5")

    with pytest.raises(ContractError, match="OSError"):
        NucleusMasks(tmp_path, patches)


def test_negative_labels_are_refused(tmp_path, patches):
    labels = LABELS.copy()
    labels[2, 3, 3] = -1
    masks = NucleusMasks(given(tmp_path / "masks", patches, labels), patches)

    with pytest.raises(ContractError, match="found -1 in row 2"):
        masks.read([1, 2])
