from __future__ import annotations

from contextlib import closing

import h5py
import numpy as np
import pytest
from file_limit import largest_file
from hypothesis import given
from hypothesis import strategies as st
from patch_files import write_patch_file

from common.errors import ConfigError, ContractError
from common.patch_file.reader import PatchFile
from layer1_extract.config import ImportSettings
from layer1_extract.exporting import export_camnet
from layer1_extract.importers import find_foreign
from layer1_extract.importing import import_patches

classes = st.lists(st.sampled_from([0, 1]), min_size=1, max_size=9)


def slide(folder, number, node="4", centre="0", **options):
    patient = f"patient_{number:03d}"
    slide_id = f"{patient}_node_{node}"
    return write_patch_file(folder, slide_id, patient=patient, node=node, centre=centre, **options)


def of_class(path, label):
    with closing(PatchFile(path)) as file:
        return file.read(np.flatnonzero(file.labels == label))


@given(labels=st.lists(classes, min_size=1, max_size=3), codec=st.sampled_from(["raw", "jpeg"]))
def test_the_importer_reads_back_what_was_exported(tmp_path_factory, labels, codec):
    folder = tmp_path_factory.mktemp("e")
    paths = [
        slide(folder / "patches", n, labels=one, codec=codec, seed=n, centre=str(n))
        for n, one in enumerate(labels)
    ]

    written = export_camnet(folder, folder / "cam17.hdf5")

    found = find_foreign(folder / "cam17.hdf5")
    assert written == sum(map(len, labels))
    assert [f"{one.slide_id}.h5" for one in found] == [path.name for path in paths]
    for number, (path, one) in enumerate(zip(paths, found, strict=True)):
        assert (one.patient, one.node, one.centre) == (f"patient_{number:03d}", "4", str(number))
        for label in (0, 1):
            again = [patches for got, patches in one.batches() if label in got]
            mine = of_class(path, label)
            assert np.array_equal(np.concatenate(again) if again else mine[:0], mine)


def test_locations_are_in_pixels_of_the_level_named(tmp_path):
    path = slide(tmp_path / "patches", 10, labels=[0, 1, 1, 0, 0, 1], size=300)
    with closing(PatchFile(path)) as file:
        tumor = file.coords[file.labels == 1]

    for level in (0, 7):
        export_camnet(tmp_path, tmp_path / f"{level}.hdf5", level)
        with h5py.File(tmp_path / f"{level}.hdf5") as file:
            node = file[f"tumor/level{level}/centre0/patient010/node4"]
            assert np.array_equal(node["locations"], tumor // 2**level)
            assert file.attrs["downsample"] == 2**level


def test_patches_without_a_place_keep_none(tmp_path):
    slide(tmp_path, 10, labels=[1, 1], placed=False)

    export_camnet(tmp_path, tmp_path / "c.hdf5")

    with h5py.File(tmp_path / "c.hdf5") as file:
        assert (file["tumor/level7/centre0/patient010/node4/locations"][:] == -1).all()


def test_parts_of_a_slide_come_together_in_order(tmp_path):
    for part in range(12):
        slide(tmp_path / "patches", 10, labels=[1], part=part, parts=12, seed=part)

    export_camnet(tmp_path, tmp_path / "c.hdf5")

    with h5py.File(tmp_path / "c.hdf5") as file:
        stored = file["tumor/level7/centre0/patient010/node4/patches"][:]
    paths = [tmp_path / "patches" / f"patient_010_node_4.part-{k}-of-12.h5" for k in range(12)]
    rgb = stored[..., ::-1]  # the layout's channels are blue, green, red
    assert np.array_equal(rgb, np.concatenate([of_class(path, 1) for path in paths]))


def test_everything_without_a_place_in_the_layout_is_named_at_once(tmp_path):
    write_patch_file(tmp_path, "a", patient="TCGA-A1", labels=[0, -1, -1])
    slide(tmp_path, 10, codec="none")
    slide(tmp_path, 11, size=32)

    with pytest.raises(ConfigError) as raised:
        export_camnet(tmp_path, tmp_path / "c.hdf5")

    text = str(raised.value)
    assert "a.h5: patient: expected a number, found 'TCGA-A1'" in text
    assert "a.h5: centre: expected a number, found ''" in text
    assert "a.h5: /labels: expected 0 or 1, found -1 (not known) 2 times" in text
    assert "patient_010_node_4.h5: /patches: expected pixels, found locations only" in text
    assert "patient_011_node_4.h5: patch_size: expected 16, as in the first file, found 32" in text
    assert not (tmp_path / "c.hdf5").exists()


def test_two_slides_of_one_node_are_refused(tmp_path):
    for name in ("one", "two"):
        write_patch_file(tmp_path, name, patient="patient_001", node="2", centre="0")

    with pytest.raises(ConfigError, match="expected one slide, found one, two"):
        export_camnet(tmp_path, tmp_path / "c.hdf5")


def test_nothing_is_replaced_unless_asked_and_never_a_patch_file(tmp_path):
    path = slide(tmp_path, 10)
    (tmp_path / "c.hdf5").write_text("mine")

    with pytest.raises(ConfigError, match="--overwrite"):
        export_camnet(path, tmp_path / "c.hdf5")
    with pytest.raises(ConfigError, match="a patch file to export"):
        export_camnet(path, path, overwrite=True)

    assert export_camnet(path, tmp_path / "c.hdf5", overwrite=True) == 8


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path, size):
    slide(tmp_path / "patches", 10, size=128)

    with largest_file(size), pytest.raises(ConfigError, match="File too large"):
        export_camnet(tmp_path / "patches", tmp_path / "c.hdf5")

    assert [path.name for path in tmp_path.iterdir()] == ["patches"]


def test_a_damaged_patch_file_leaves_nothing_behind(tmp_path):
    path = slide(tmp_path / "patches", 10, codec="jpeg", labels=[0, 1] * 80)
    with h5py.File(path, "r+") as file:
        file["jpeg_bytes"][-200:] = 0

    with pytest.raises(ContractError, match="patient_010_node_4"):
        export_camnet(tmp_path / "patches", tmp_path / "c.hdf5")

    assert [path.name for path in tmp_path.iterdir()] == ["patches"]


@pytest.mark.real_data
def test_the_original_file_survives_the_way_there_and_back(shared_data, tmp_path):
    original = shared_data / "camnet" / "cam17_patches.hdf5"
    import_patches(original, tmp_path / "in", ImportSettings(mpp=0.25))

    export_camnet(tmp_path / "in", tmp_path / "out.hdf5")

    with h5py.File(original) as one, h5py.File(tmp_path / "out.hdf5") as other:
        names = []
        one.visit(lambda name: names.append(name) if name.endswith("patches") else None)
        assert len(names) == 4
        for name in names:
            assert np.array_equal(one[name], other[name])
            assert other[f"{name[:-7]}locations"].dtype == one[f"{name[:-7]}locations"].dtype
