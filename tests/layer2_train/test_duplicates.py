from __future__ import annotations

from dataclasses import replace

import h5py
import pytest
from patch_files import paint, write_patch_file

from common.patch_file.reader import PatchFile
from common.patch_file.schema import MINED
from layer2_train.duplicates import duplicates, with_twins
from layer2_train.survey import source_of

LABELS = [0, 1] * 20


def sources_of(paths):
    return [source_of(PatchFile(path)) for path in paths]


def write(folder, slide_id, seed, **changes):
    return write_patch_file(
        folder, slide_id, labels=LABELS, patches=paint(LABELS, 16, seed), placed=False, **changes
    )


def found(paths):
    own = duplicates(with_twins(sources_of(paths), paths))
    return [[source.slide_id for source in same] for same in own]


def test_equal_patches_under_other_names_are_found_and_others_not(tmp_path):
    paths = [write(tmp_path, name, seed) for name, seed in [("a", 1), ("b", 2), ("c", 1)]]

    assert found(paths) == [["a", "c"]]


def test_each_set_of_equal_patches_is_one(tmp_path):
    paths = [
        write(tmp_path, name, seed) for name, seed in zip("abcde", (1, 2, 1, 2, 1), strict=True)
    ]

    assert found(paths) == [["a", "c", "e"], ["b", "d"]]


def test_equal_labels_and_places_of_other_pixels_are_no_duplicates(tmp_path):
    paths = [write_patch_file(tmp_path, name) for name in "ab"]

    assert found(paths) == []


def test_empty_files_are_not_compared(tmp_path):
    paths = [write_patch_file(tmp_path, name, labels=[]) for name in "ab"]

    assert found(paths) == []


def test_mined_patches_repeat_others_on_purpose(tmp_path):
    paths = [write(tmp_path / name, "a", 1) for name in ("cohort", "mined")]
    one, other = sources_of(paths)

    assert not duplicates(with_twins([one, replace(other, sampling=MINED)], paths))


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_no_pixel_is_read_where_places_or_labels_differ(tmp_path, codec):
    paths = [
        write_patch_file(tmp_path, "a", labels=[0, 1, 0], codec=codec),
        write_patch_file(tmp_path, "b", labels=[0, 1, 1], codec=codec),
    ]
    sources = sources_of(paths)
    for path in paths:
        with h5py.File(path, "r+") as file:
            del file["patches" if codec == "raw" else "jpeg_bytes"]

    assert not duplicates(with_twins(sources, paths))
