from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patch_headers import header

from common.errors import ContractError
from common.patch_file import reader
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from common.patches import PatchSpec


def write(path, count=5, codec="raw", quality=95, **changes):
    rng = np.random.default_rng(count)
    patches = rng.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)
    if codec == "jpeg":  # noise does not survive it
        patches[:] = patches.mean(axis=(1, 2), keepdims=True)
    xy = np.stack([np.arange(count) * 16, np.zeros(count)], axis=1).astype(np.int64)
    labels = (np.arange(count) % 2).astype(np.int8)
    share = labels.astype(np.float32)
    with open_writer(path, header(**changes), codec, quality) as writer:
        pixels = None if codec == "none" else patches
        writer.append(xy, labels, share, np.ones(count, np.float32), pixels)
        writer.finish()
    return patches


@given(rows=st.lists(st.integers(0, 9), max_size=30))
def test_patches_come_in_the_order_asked_for(rows):
    with tempfile.TemporaryDirectory() as folder:
        patches = write(Path(folder) / "s.h5", count=10)
        file = PatchFile(Path(folder) / "s.h5")

        assert np.array_equal(file.read(rows), patches[rows])
        file.close()


def test_jpeg_patches_are_decoded_one_by_one(tmp_path):
    patches = write(tmp_path / "s.h5", codec="jpeg", quality=100)

    found = PatchFile(tmp_path / "s.h5").read([3, 0])

    assert np.abs(found.astype(int) - patches[[3, 0]]).max() < 4
    assert PatchFile(tmp_path / "s.h5").codec == "jpeg"


@given(rows=st.lists(st.integers(0, 9), max_size=30))
def test_jpeg_patches_come_in_the_order_asked_for(rows):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "s.h5", count=10, codec="jpeg")
        file = PatchFile(Path(folder) / "s.h5")

        alone = [file.read([row])[0] for row in range(10)]

        assert np.array_equal(file.read(rows), np.stack(alone)[rows])
        file.close()


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_what_was_read_is_decoded_without_the_file(tmp_path, codec):
    write(tmp_path / "s.h5", codec=codec)
    file = PatchFile(tmp_path / "s.h5")
    expected, patches = file.read([3, 0]), np.zeros((2, 8, 8, 3), np.uint8)

    decode = file.begin(np.array([3, 0]), patches)
    file.close()
    decode()

    assert np.array_equal(patches, expected)
    assert file._handle is None


def test_reading_pixels_keeps_no_column_in_memory(tmp_path):
    write(tmp_path / "s.h5", count=2000, codec="jpeg")
    file = PatchFile(tmp_path / "s.h5")

    file.read([7, 8, 1999])

    held = [value for value in vars(file).values() if isinstance(value, np.ndarray)]
    assert held == []


@pytest.mark.parametrize("stretch", [2, 1 << 20])
@pytest.mark.parametrize(
    "offsets", [[0, 5, 5], [1, 5, 9], [0, 5, 8], [0, 9, 5, 10], [0, 5, 10, 7, 12]]
)
def test_offsets_that_do_not_rise_to_the_last_byte_are_refused(
    tmp_path, monkeypatch, stretch, offsets
):
    monkeypatch.setattr(reader, "_OFFSETS", stretch)
    write(tmp_path / "s.h5", count=4, codec="jpeg")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        del file["jpeg_offsets"]
        file["jpeg_offsets"] = np.array(offsets, np.int64)

    with pytest.raises(ContractError, match="/jpeg_offsets: expected 5 rising offsets from 0 to"):
        PatchFile(tmp_path / "s.h5").read([0])


def test_places_labels_and_counts_are_read_back(tmp_path):
    write(tmp_path / "s.h5", count=3)
    file = PatchFile(tmp_path / "s.h5")

    assert len(file) == 3
    assert file.labels.tolist() == [0, 1, 0]
    assert file.locations.xy.tolist() == [[0, 0], [16, 0], [32, 0]]
    assert file.locations.spec == PatchSpec(8, 1.0)
    assert file.counts["tumor"] == 1


def test_a_file_of_locations_has_no_pixels(tmp_path):
    write(tmp_path / "s.h5", codec="none")
    file = PatchFile(tmp_path / "s.h5")

    assert file.codec == "none"
    with pytest.raises(ContractError, match="expected pixels, found locations only"):
        file.read([0])


def test_a_file_sent_to_another_process_is_opened_there(tmp_path):
    patches = write(tmp_path / "s.h5")
    file = PatchFile(tmp_path / "s.h5")
    file.read([0])

    copy = pickle.loads(pickle.dumps(file))

    assert copy._handle is None
    assert np.array_equal(copy.read([1]), patches[[1]])


def change(path, **attributes):
    with h5py.File(path, "r+") as file:
        file.attrs.update(attributes)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"format": "other"}, "format: expected camnet-patches, found 'other'"),
        ({"format_version": "2.0"}, r"expected 1\.x, found '2\.0' written by camnet test"),
        ({"complete": False}, "complete: expected true, found false"),
        ({"patch_size": "big"}, "patch_size: expected int"),
    ],
)
def test_what_is_not_a_whole_file_of_a_known_version_is_refused(tmp_path, attributes, message):
    write(tmp_path / "s.h5")
    change(tmp_path / "s.h5", **attributes)

    with pytest.raises(ContractError, match=message):
        _ = PatchFile(tmp_path / "s.h5").header


def test_a_newer_minor_version_is_read(tmp_path):
    write(tmp_path / "s.h5")
    change(tmp_path / "s.h5", format_version="1.9", mood="good")

    assert PatchFile(tmp_path / "s.h5").header.slide_id == "s"


def test_a_missing_attribute_is_named(tmp_path):
    write(tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        del file.attrs["reader"]

    with pytest.raises(ContractError, match="reader: expected an attribute, found nothing"):
        _ = PatchFile(tmp_path / "s.h5").header


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused_though_it_exists(tmp_path, keep):
    write(tmp_path / "s.h5")
    content = (tmp_path / "s.h5").read_bytes()
    (tmp_path / "s.h5").write_bytes(content[: int(len(content) * keep)])

    with pytest.raises(ContractError, match=r"s\.h5: format: expected a patch file"):
        _ = PatchFile(tmp_path / "s.h5").header
