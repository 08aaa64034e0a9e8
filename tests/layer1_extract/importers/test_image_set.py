from __future__ import annotations

import struct
import zipfile

import cv2
import numpy as np
import pytest

from common.errors import ContractError
from layer1_extract.importers.image_set import ImageSet, file_names

PNG = cv2.imencode(".png", np.full((4, 4, 3), 9, np.uint8))[1].tobytes()
METHODS = {
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
NAME = "0/a.png"
CENTRAL_FLAGS, CENTRAL_METHOD, CENTRAL_PACKED, CENTRAL_SIZE = 8, 10, 20, 24
LOCAL_FLAGS, LOCAL_METHOD, LOCAL_CONTENT = 6, 8, 30 + len(NAME)


def write_zip(path, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(NAME, PNG)
    return path


def patch_at(path, offset, content):
    stored = bytearray(path.read_bytes())
    stored[offset : offset + len(content)] = content
    path.write_bytes(stored)


def central(path):
    """Where the entry of the member begins in the central directory."""
    return path.read_bytes().index(b"PK\x01\x02")


def read(path):
    return list(ImageSet(path, tuple(file_names(path))).decoded())


@pytest.mark.parametrize("method", METHODS)
def test_a_zip_member_is_read_however_it_is_compressed(tmp_path, method):
    (image,) = read(write_zip(tmp_path / "s.zip", METHODS[method]))

    assert np.unique(image).tolist() == [9]


@pytest.mark.parametrize("method", METHODS)
def test_a_member_whose_compressed_bytes_are_damaged_is_named(tmp_path, method):
    path = write_zip(tmp_path / "s.zip", METHODS[method])
    patch_at(path, LOCAL_CONTENT + 9, b"\xff" * 20)

    with pytest.raises(ContractError, match=r"s\.zip: 0/a\.png: expected a file to unzip"):
        read(path)


def test_a_member_that_ends_too_soon_is_named(tmp_path):
    path = write_zip(tmp_path / "s.zip")
    patch_at(path, central(path) + CENTRAL_PACKED, struct.pack("<L", 5))

    with pytest.raises(ContractError, match=r"0/a\.png: expected a file to unzip"):
        read(path)


def test_a_member_compressed_in_an_unknown_way_is_named(tmp_path):
    path = write_zip(tmp_path / "s.zip")
    for offset in (LOCAL_METHOD, central(path) + CENTRAL_METHOD):
        patch_at(path, offset, struct.pack("<H", 97))

    with pytest.raises(ContractError, match=r"0/a\.png: .*NotImplementedError"):
        read(path)


def test_a_member_under_a_password_is_named(tmp_path):
    path = write_zip(tmp_path / "s.zip")
    for offset in (LOCAL_FLAGS, central(path) + CENTRAL_FLAGS):
        patch_at(path, offset, struct.pack("<H", 1))

    with pytest.raises(ContractError, match=r"0/a\.png: .*password"):
        read(path)


def test_a_member_that_would_fill_the_memory_is_not_unzipped(tmp_path):
    path = write_zip(tmp_path / "s.zip")
    patch_at(path, central(path) + CENTRAL_SIZE, struct.pack("<L", 1 << 30))

    with pytest.raises(ContractError, match="expected an image file of at most 268435456 bytes"):
        read(path)


def test_a_broken_zip_file_is_refused(tmp_path):
    (tmp_path / "set.zip").write_bytes(b"PK\x03\x04 but not for long")

    with pytest.raises(ContractError, match="expected a zip file"):
        file_names(tmp_path / "set.zip")


def test_an_image_that_vanished_from_its_folder_is_named(tmp_path):
    with pytest.raises(ContractError, match=r"0/a\.png: expected a file that can be read"):
        list(ImageSet(tmp_path, ("0/a.png",)).decoded())


def test_the_fingerprint_is_of_names_and_content(tmp_path):
    for name, content in [("a", b"1"), ("b", b"1"), ("c", b"2")]:
        (tmp_path / name).write_bytes(content)

    a, b, c = (ImageSet(tmp_path, (name,)).fingerprint for name in "abc")

    assert len({a, b, c}) == 3
    assert ImageSet(tmp_path, ("a",)).fingerprint == a
