from __future__ import annotations

import zipfile

import cv2
import h5py
import numpy as np
import pytest

from common.errors import ConfigError, ContractError
from layer1_extract.importers import find_foreign

PATCHES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)


def zip_of_class_folders(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for row, suffix in enumerate((".png", ".jpg", ".tif", ".bmp")):
            content = cv2.imencode(suffix, PATCHES[row])[1].tobytes()
            archive.writestr(f"{row % 2}/{row}{suffix}", content)


def zip_of_lzma(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("0/a.png", cv2.imencode(".png", PATCHES[0])[1].tobytes())


def pcam(path):
    with h5py.File(path, "w") as file:
        file["x"] = PATCHES
        file["y"] = np.array([0, 1, 0, 1], np.uint8)


def camnet(path):
    with h5py.File(path, "w") as file:
        name = "tumor/level7/centre0/patient010/node4/patches"
        file.create_dataset(name, data=PATCHES, chunks=(2, 8, 8, 3), compression="gzip")


def damaged(content, rng):
    """`content` with up to four bytes replaced, or cut off."""
    if rng.random() < 0.1:
        return content[: rng.integers(len(content))]
    flipped = bytearray(content)
    for place in rng.integers(0, len(content), rng.integers(1, 5)):
        flipped[place] = rng.integers(256)
    return bytes(flipped)


def read_all(path):
    for slide in find_foreign(path):
        for labels, patches in slide.batches():
            assert len(labels) == len(patches)


@pytest.mark.parametrize(
    ("write", "suffix"),
    [(zip_of_class_folders, ".zip"), (zip_of_lzma, ".zip"), (pcam, ".h5"), (camnet, ".h5")],
)
def test_damage_anywhere_ends_in_a_message_and_never_in_a_traceback(tmp_path, write, suffix):
    path = tmp_path / f"whole{suffix}"
    write(path)
    read_all(path)
    content, refused = path.read_bytes(), []

    for seed in range(400):
        path.write_bytes(damaged(content, np.random.default_rng(seed)))
        try:
            read_all(path)
        except (ConfigError, ContractError) as error:
            refused.append(str(error))

    assert all(path.name in message for message in refused)
    assert len(refused) > 20  # at least what was cut off, with room for chance


def test_hdf5_names_that_are_no_text_are_shown(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[b"\xff\xfe"] = [1]
        file["features"] = [1]

    with pytest.raises(ConfigError, match="found .*features"):
        find_foreign(tmp_path / "a.h5")


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(ConfigError, match="absent: expected a file or a folder"):
        find_foreign(tmp_path / "absent")


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "patches.csv").write_text("a,b")

    with pytest.raises(ConfigError, match="expected HDF5, a folder or a zip file"):
        find_foreign(tmp_path / "patches.csv")


def test_hdf5_of_another_layout_is_refused_saying_what_it_holds(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = [1]

    with pytest.raises(ConfigError, match="found features"):
        find_foreign(tmp_path / "a.h5")
