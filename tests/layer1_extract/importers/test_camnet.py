from __future__ import annotations

import h5py
import numpy as np
import pytest

from common.errors import ContractError
from layer1_extract.importers import find_foreign


def write(path, groups, size=8):
    with h5py.File(path, "w") as file:
        for name, count in groups.items():
            file[f"{name}/patches"] = np.full((count, size, size, 3), 7, np.uint8)
            file[f"{name}/locations"] = np.zeros((count, 2), np.int64)
    return path


def test_each_node_of_each_patient_is_one_slide_with_both_classes(tmp_path):
    groups = {
        "tumor/level7/centre0/patient010/node4": 2,
        "normal/level7/centre0/patient010/node4": 3,
        "normal/l7/c1/p030/n1": 1,
    }
    one, other = find_foreign(write(tmp_path / "c.hdf5", groups))

    assert (one.slide_id, one.patient, one.node, one.centre) == (
        "patient_010_node_4",
        "patient_010",
        "4",
        "0",
    )
    labels = np.concatenate([labels for labels, _ in one.batches()])
    assert sorted(labels.tolist()) == [0, 0, 0, 1, 1]
    assert (other.centre, other.count) == ("1", 1)


def test_a_file_without_patches_is_refused(tmp_path):
    with h5py.File(tmp_path / "c.hdf5", "w") as file:
        file.create_group("tumor/level7")

    with pytest.raises(ContractError, match="none of them"):
        find_foreign(tmp_path / "c.hdf5")


def test_patches_of_another_shape_are_named(tmp_path):
    with h5py.File(tmp_path / "c.hdf5", "w") as file:
        file["tumor/level7/centre0/patient010/node4/patches"] = np.zeros((2, 8, 9, 3), np.uint8)

    with pytest.raises(ContractError, match=r"node4/patches: expected \(N, S, S, 3\) uint8"):
        find_foreign(tmp_path / "c.hdf5")


def test_nodes_of_mixed_sizes_are_refused(tmp_path):
    path = write(tmp_path / "c.hdf5", {"tumor/level7/centre0/patient010/node4": 1})
    with h5py.File(path, "r+") as file:
        file["normal/level7/centre0/patient010/node4/patches"] = np.zeros((1, 4, 4, 3), np.uint8)

    with pytest.raises(
        ContractError, match=r"expected patches of one size, found edges of \[4, 8\]"
    ):
        find_foreign(path)


def test_a_class_a_node_has_no_patches_of_is_no_matter(tmp_path):
    path = write(tmp_path / "c.hdf5", {"tumor/l7/c0/p010/n4": 2, "normal/l7/c0/p010/n4": 0})

    (slide,) = find_foreign(path)

    assert (slide.count, sum(len(labels) for labels, _ in slide.batches())) == (2, 2)


def test_a_truncated_file_is_named(tmp_path):
    path = write(tmp_path / "c.hdf5", {"tumor/l7/c0/p010/n4": 2})
    path.write_bytes(path.read_bytes()[:-50])

    with pytest.raises(ContractError, match=r"c\.hdf5: .*damaged or incomplete"):
        find_foreign(path)


@pytest.mark.real_data
def test_the_original_file_gives_its_two_patients(shared_data):
    slides = find_foreign(shared_data / "camnet" / "cam17_patches.hdf5")

    assert [slide.slide_id for slide in slides] == ["patient_010_node_4", "patient_030_node_4"]
    assert [slide.count for slide in slides] == [10, 10]


def test_slides_of_one_file_have_their_own_fingerprints_and_equal_patches_the_same(tmp_path):
    groups = {
        "tumor/level7/centre0/patient010/node4": 2,
        "tumor/l7/c1/p030/n4": 2,
        "tumor/l7/c1/p031/n4": 3,
        "normal/l7/c1/p032/n4": 2,
    }

    one, same, more, normal = find_foreign(write(tmp_path / "c.hdf5", groups))

    assert one.fingerprint == same.fingerprint
    assert len({one.fingerprint, more.fingerprint, normal.fingerprint}) == 3


@pytest.mark.real_data
def test_nuclei_of_the_original_file_are_blue(shared_data):
    slides = find_foreign(shared_data / "camnet" / "cam17_patches.hdf5")

    patches = np.concatenate([own for slide in slides for _, own in slide.batches()])

    nuclei = patches[patches.mean(axis=-1) < 100].mean(axis=0)
    red, _, blue = nuclei
    assert blue > red + 10
