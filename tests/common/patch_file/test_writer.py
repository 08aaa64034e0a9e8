from __future__ import annotations

import json
import os

import h5py
import numpy as np
import pytest
from patch_headers import header

from common.patch_file.check import check
from common.patch_file.schema import REASONS
from common.patch_file.writer import open_writer


def batch(xy, labels=None):
    count = len(xy)
    patches = np.full((count, 8, 8, 3), 7, np.uint8)
    fractions = np.zeros(count, np.float32)
    labels = np.zeros(count, np.int8) if labels is None else np.array(labels, np.int8)
    return np.array(xy, np.int64).reshape(-1, 2), labels, fractions, fractions, patches


def test_what_was_appended_and_rejected_is_in_the_file(tmp_path):
    with open_writer(tmp_path / "s.h5", header()) as writer:
        writer.append(*batch([(0, 0), (16, 0)], [0, 1]))
        writer.append(*batch([(0, 16)]))
        writer.reject(np.array([(48, 0), (32, 0)], np.int64), "white")
        writer.reject(np.array([(64, 0)], np.int64), "background")
        counts = writer.finish()

    assert (counts["kept"], counts["tumor"], counts["normal"], counts["rejected"]) == (3, 1, 2, 3)
    check(tmp_path / "s.h5", decode=True)
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["rejected_coords"][:].tolist() == [[32, 0], [48, 0], [64, 0]]
        assert file["rejected_reason"][:].tolist() == [3, 3, 1]
        assert json.loads(file["rejected_reason"].attrs["reasons"]) == REASONS
        assert file["patches"].chunks == (1, 8, 8, 3)


def test_a_slide_without_patches_gives_a_valid_file(tmp_path):
    with open_writer(tmp_path / "s.h5", header()) as writer:
        writer.finish()

    assert check(tmp_path / "s.h5", decode=True).slide_id == "s"


def test_an_unfinished_file_never_takes_its_name(tmp_path):
    with (
        pytest.raises(RuntimeError, match="finish"),
        open_writer(tmp_path / "s.h5", header()) as writer,
    ):
        writer.append(*batch([(0, 0)]))

    assert os.listdir(tmp_path) == []


def test_pixels_are_given_exactly_when_they_are_stored(tmp_path):
    xy, labels, tumor, tissue, patches = batch([(0, 0)])

    with (
        pytest.raises(ValueError, match="codec is none"),
        open_writer(tmp_path / "s.h5", header(), "none") as writer,
    ):
        writer.append(xy, labels, tumor, tissue, patches)
    with (
        pytest.raises(ValueError, match="codec is none; it is raw"),
        open_writer(tmp_path / "s.h5", header(), "raw") as writer,
    ):
        writer.append(xy, labels, tumor, tissue)


def test_an_unknown_reason_cannot_be_written(tmp_path):
    with (
        pytest.raises(KeyError, match="boring"),
        open_writer(tmp_path / "s.h5", header()) as writer,
    ):
        writer.reject(np.zeros((1, 2), np.int64), "boring")
