from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import pytest
from heatmap_headers import HEADER

from common.errors import ContractError
from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import check, read_heatmap, write_heatmap

NAN = np.nan
HEATMAP = Heatmap(
    Grid((3, 5), 16, 64, rows=2, columns=3),
    np.array([[0, 0.5, NAN], [1, NAN, 0.25]], np.float32),
)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "a.heatmap.h5"
    write_heatmap(file, HEADER, HEATMAP)
    return file


def test_what_is_written_is_read(path):
    found = read_heatmap(path)

    assert found.header == HEADER
    assert found.heatmap.grid == HEATMAP.grid
    assert np.array_equal(found.heatmap.values, HEATMAP.values, equal_nan=True)
    assert check(path) == HEADER


def test_a_slide_too_small_for_a_patch_is_a_file_too(tmp_path):
    empty = Heatmap(Grid((0, 0), 16, 64, rows=0, columns=3), np.empty((0, 3), np.float32))
    write_heatmap(tmp_path / "a.heatmap.h5", HEADER, empty)

    assert read_heatmap(tmp_path / "a.heatmap.h5").heatmap.values.shape == (0, 3)


@pytest.mark.parametrize(
    ("split", "trained"), [("", False), ("train", True), ("valid", True), ("test", False)]
)
def test_a_slide_of_training_or_choosing_is_flagged(tmp_path, split, trained):
    path = tmp_path / "a.heatmap.h5"
    write_heatmap(path, replace(HEADER, seen_in_split=split), HEATMAP)

    with h5py.File(path) as file:
        assert bool(file.attrs["trained_on_this_slide"]) is trained


def test_places_are_x_before_y(path):
    with h5py.File(path) as file:
        assert file.attrs["origin"].tolist() == [3, 5]
        assert file.attrs["stride"].tolist() == [16, 16]
        assert file.attrs["origin"].dtype == np.int64


def changed(path, name, value):
    with h5py.File(path, "a") as file:
        if value is None:
            del file.attrs[name]
        else:
            file.attrs[name] = value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format", "tiff", "format: expected camnet-heatmap"),
        ("format_version", "2.0", "'2.0' written by camnet test"),
        ("slide_id", None, "slide_id: expected an attribute of type str, found nothing"),
        ("patch_size", "32", "patch_size: expected int"),
        ("patch_mpp", 0.0, "patch_mpp: expected a number greater than 0"),
        ("level0_mpp", np.nan, "level0_mpp: expected a number greater than 0"),
        ("seen_in_split", "holdout", "seen_in_split: expected one of"),
        ("locations", "guess", "locations: expected one of"),
        ("trained_on_this_slide", True, "trained_on_this_slide: expected False"),
        ("stride", np.array([16, 8]), "stride: expected one stride for x and y"),
        ("origin", np.array([1.5, 2.0]), "origin: expected"),
        ("origin", None, "origin: expected"),
    ],
)
def test_a_broken_promise_is_named(path, name, value, message):
    changed(path, name, value)

    with pytest.raises(ContractError, match=message):
        read_heatmap(path)


def test_a_newer_minor_version_with_more_in_it_is_read(path):
    changed(path, "format_version", "1.9")
    changed(path, "weather", "fine")

    assert read_heatmap(path).header == HEADER


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((2, 3), 1.5, np.float32), "expected 0 to 1, or NaN"),
        (np.zeros((2, 3)), r"expected \(rows, columns\) float32, found \(2, 3\) float64"),
        (np.zeros(6, np.float32), r"expected \(rows, columns\) float32"),
    ],
)
def test_values_that_are_no_heatmap_are_refused(path, values, message):
    with h5py.File(path, "a") as file:
        del file["probability"]
        file["probability"] = values

    with pytest.raises(ContractError, match=message):
        read_heatmap(path)


def test_a_cut_off_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:500])

    with pytest.raises(ContractError, match="HDF5 cannot open"):
        read_heatmap(path)


def test_a_missing_file_is_told_from_a_broken_one(tmp_path):
    with pytest.raises(ContractError, match="found no file"):
        read_heatmap(tmp_path / "none.heatmap.h5")


def test_a_file_under_another_slides_name_fails_the_check(path, tmp_path):
    path.rename(tmp_path / "b.heatmap.h5")

    with pytest.raises(ContractError, match="file name: expected a.heatmap.h5"):
        check(tmp_path / "b.heatmap.h5")
