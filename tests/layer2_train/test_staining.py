from __future__ import annotations

import logging

import numpy as np
import pytest
from patch_files import write_patch_file
from stained_tissue import tissue

from common.config import load
from common.patch_file.reader import PatchFile
from common.preprocessing import Preprocessing
from common.stain import Unchanged, patches_of
from layer2_train.config import TrainSettings
from layer2_train.staining import preprocessing_of, stains_of

MACENKO = Preprocessing.of("macenko", 8)


def stained(folder, slide_id, seed=0, **more):
    patches = tissue(count=8, size=32, seed=seed, strength=(1.0 + seed, 0.8))
    return PatchFile(write_patch_file(folder, slide_id, patches=patches, size=32, **more))


@pytest.mark.parametrize("method", ["none", "reinhard", "macenko"])
def test_the_configuration_names_the_model_s_preprocessing(method):
    given = [f"stain={{method: {method}, patches: 16}}", "orientations=4"]

    found = preprocessing_of(load(TrainSettings, overrides=given))

    assert (found.stain, found.patches, found.orientations) == (method, 16, 4)


def test_every_slide_has_its_own_stain_in_the_order_of_the_files(tmp_path):
    files = [stained(tmp_path, f"slide_{seed}", seed=seed) for seed in range(3)]

    found = stains_of(files, MACENKO)

    assert found == [MACENKO.fit(file.read(np.arange(8))) for file in files]
    assert len(set(found)) == 3


def test_files_of_one_slide_share_one_stain_measured_on_all_of_them(tmp_path):
    one = {"fingerprint": "f" * 64}
    parts = [stained(tmp_path, "slide", seed=k, part=k, parts=2, **one) for k in range(2)]
    (tmp_path / "mined").mkdir()
    mined = stained(tmp_path / "mined", "slide", seed=2, **one)
    other = stained(tmp_path, "other")

    found = stains_of([parts[0], other, mined, parts[1]], MACENKO)

    assert found[0] == found[2] == found[3] == MACENKO.fit(patches_of([*parts, mined], 8))
    assert found[1] != found[0]


def test_a_copy_of_a_file_does_not_shift_the_stain_of_its_slide(tmp_path):
    one = {"fingerprint": "f" * 64}
    parts = [stained(tmp_path, "slide", seed=k, part=k, parts=2, **one) for k in range(2)]
    (tmp_path / "copy").mkdir()
    copy = stained(tmp_path / "copy", "slide", seed=1, part=1, parts=2, **one)

    alone, twice = stains_of(parts, MACENKO), stains_of([copy, *parts], MACENKO)

    assert twice == [alone[0]] * 3


def test_patches_without_a_place_are_one_slide_by_its_id(tmp_path):
    given = {"fingerprint": "f" * 64, "placed": False}
    files = [stained(tmp_path, f"node_{seed}", seed=seed, **given) for seed in range(2)]

    one, other = stains_of(files, MACENKO)

    assert one != other


def test_a_slide_that_cannot_be_measured_is_left_as_it_is_and_named(tmp_path, caplog):
    blank = np.full((8, 32, 32, 3), 250, np.uint8)
    pale = PatchFile(write_patch_file(tmp_path, "pale", patches=blank, size=32))
    files = [stained(tmp_path, "slide"), pale]

    with caplog.at_level(logging.WARNING):
        found = stains_of(files, MACENKO)

    assert found[0].fallback == ""
    assert found[1] == Unchanged(found[1].fallback)
    assert "pale: colours are left as scanned: 0 of 8192 pixels" in caplog.text
    assert len(caplog.records) == 1


def test_without_normalisation_nothing_is_read(tmp_path):
    missing = PatchFile(tmp_path / "missing.h5")

    assert stains_of([missing, missing], Preprocessing()) == [Unchanged()] * 2
