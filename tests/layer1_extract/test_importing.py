from __future__ import annotations

import shutil
from dataclasses import replace

import cv2
import h5py
import numpy as np
import pytest

from common.errors import ConfigError
from common.outcomes import Outcome, read_outcome, write_outcome
from common.patch_file.check import check
from common.patch_file.reader import PatchFile
from common.run_folder import claim
from layer1_extract.config import ImportSettings, StorageSettings
from layer1_extract.converting import convert
from layer1_extract.extraction import patch_path, preview_path
from layer1_extract.importing import import_patches
from layer1_extract.merge import merge
from layer1_extract.status import status

SETTINGS = ImportSettings(mpp=0.972)


@pytest.fixture
def source(tmp_path):
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["x"] = rng.integers(0, 256, (20, 8, 8, 3)).astype(np.uint8)
        file["y"] = (np.arange(20) % 2).astype(np.uint8)
    return tmp_path / "set.h5"


@pytest.mark.parametrize("codec", ["raw", "jpeg", "none"])
def test_imports_become_valid_patch_files_without_a_place(source, tmp_path, codec):
    settings = ImportSettings(mpp=0.972, storage=StorageSettings(codec=codec))

    ((outcome,), kept) = import_patches(source, tmp_path / "out", settings, split="valid")

    header = check(patch_path(tmp_path / "out", "set"), decode=True)
    assert (outcome.status, outcome.counts["tumor"], kept) == ("done", 10, 0)
    assert (header.placed, header.split, header.patch_mpp) == (False, "valid", 0.972)
    assert preview_path(tmp_path / "out", "set").exists() == (codec != "none")


def test_pixels_and_labels_stay_together(source, tmp_path):
    import_patches(source, tmp_path / "out", SETTINGS)

    file = PatchFile(patch_path(tmp_path / "out", "set"))
    with h5py.File(source) as original:
        assert np.array_equal(file.read(range(20)), original["x"][:])
        assert np.array_equal(file.labels, original["y"][:])


def test_without_a_scale_nothing_is_guessed(source, tmp_path):
    with pytest.raises(ConfigError, match=r"Give --mpp; PatchCamelyon's is 0\.972"):
        import_patches(source, tmp_path / "out", ImportSettings())

    assert not (tmp_path / "out").exists()


def test_a_second_import_keeps_what_the_first_finished(source, tmp_path):
    import_patches(source, tmp_path / "out", SETTINGS)
    before = patch_path(tmp_path / "out", "set").stat().st_mtime_ns

    _, kept = import_patches(source, tmp_path / "out", SETTINGS)

    assert kept == 1
    assert patch_path(tmp_path / "out", "set").stat().st_mtime_ns == before


def test_another_source_of_the_same_name_is_refused(source, tmp_path):
    import_patches(source, tmp_path / "out", SETTINGS)
    with h5py.File(source, "r+") as file:
        file["x"][0] = 0

    with pytest.raises(ConfigError, match="found another's"):
        import_patches(source, tmp_path / "out", SETTINGS)
    _, kept = import_patches(source, tmp_path / "out", SETTINGS, overwrite=True)
    assert kept == 0


def test_a_file_of_another_configuration_is_imported_anew(source, tmp_path):
    import_patches(source, tmp_path / "out", ImportSettings(mpp=0.25))
    claim(tmp_path / "out", SETTINGS, overwrite=True)  # as a killed --overwrite leaves it

    _, kept = import_patches(source, tmp_path / "out", SETTINGS)

    assert kept == 0
    assert check(patch_path(tmp_path / "out", "set")).patch_mpp == 0.972


@pytest.mark.parametrize("recorded", ["failed", None])
def test_an_import_that_failed_or_was_not_recorded_is_tried_again(source, tmp_path, recorded):
    out = tmp_path / "out"
    import_patches(source, out, SETTINGS)
    if recorded:
        write_outcome(out, Outcome("set", recorded, "the disk was full", exit_status=1))
    else:
        (out / "outcomes" / "set.json").unlink()

    ((outcome,), kept) = import_patches(source, out, SETTINGS)

    assert (outcome.status, kept) == ("done", 0)
    assert read_outcome(out, "set") == outcome


def test_a_failed_import_leaves_no_older_result_to_be_taken_for_its_own(tmp_path):
    source, out = tmp_path / "set", tmp_path / "out"
    (source / "0").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(source / "0" / name), np.zeros((8, 8, 3), np.uint8))
    import_patches(source, out, SETTINGS)
    (source / "0" / "b.png").write_bytes(b"")

    ((outcome,), _) = import_patches(source, out, SETTINGS, overwrite=True)

    assert (outcome.status, outcome.exit_status) == ("failed", 4)
    assert "0/b.png: expected an image, found an empty file" in outcome.reason
    assert not patch_path(out, "set").exists()
    assert not preview_path(out, "set").exists()
    assert read_outcome(out, "set") == outcome


def test_locations_only_leave_no_preview_of_an_import_with_pixels(source, tmp_path):
    import_patches(source, tmp_path / "out", SETTINGS)
    locations = ImportSettings(mpp=0.972, storage=StorageSettings(codec="none"))

    import_patches(source, tmp_path / "out", locations, overwrite=True)

    assert not preview_path(tmp_path / "out", "set").exists()


@pytest.mark.real_data
def test_the_original_camnet_file_is_imported(shared_data, tmp_path):
    source = shared_data / "camnet" / "cam17_patches.hdf5"

    outcomes, _ = import_patches(source, tmp_path, ImportSettings(mpp=0.25))

    assert [(o.slide_id, o.counts["tumor"], o.counts["normal"]) for o in outcomes] == [
        ("patient_010_node_4", 5, 5),
        ("patient_030_node_4", 5, 5),
    ]
    assert [o.suspect for o in outcomes] == [
        "",
        "the same patches as patient_010_node_4 (centre 0): leave one of them out of training",
    ]


def test_a_slide_that_repeats_anothers_patches_is_told_each_time(tmp_path, caplog):
    with h5py.File(tmp_path / "c.hdf5", "w") as file:
        for name, colour in (("c0/p010", 7), ("c0/p011", 8), ("c1/p030", 7)):
            file[f"tumor/l7/{name}/n1/patches"] = np.full((2, 8, 8, 3), colour, np.uint8)

    for _ in range(2):
        caplog.clear()
        outcomes, _ = import_patches(tmp_path / "c.hdf5", tmp_path / "out", SETTINGS)

        assert [bool(outcome.suspect) for outcome in outcomes] == [False, False, True]
        assert "patient_030_node_1: the same patches as patient_010_node_1" in caplog.text


@pytest.mark.parametrize("codec", ["jpeg", "none"])
def test_an_import_is_gathered_like_any_other_run(source, tmp_path, codec):
    out = tmp_path / "out"
    storage = StorageSettings(codec=codec)
    import_patches(source, out, ImportSettings(mpp=0.972, storage=storage))

    assert status(out).data["states"]["done"] == 1
    merged = merge(out)

    assert (merged.exit_status, merged.data["patches"]) == (0, 20)
    assert [line[:9] for line in (out / "outcomes.csv").read_text().splitlines()[1:]] == [
        "set,done,"
    ]


def test_an_import_of_before_inputs_were_recorded_is_gathered_too(source, tmp_path):
    ((outcome,), _) = import_patches(source, tmp_path / "out", SETTINGS)
    write_outcome(tmp_path / "out", replace(outcome, inputs={}))

    assert merge(tmp_path / "out").exit_status == 0


def test_an_import_stored_otherwise_is_done_anew_and_set_aside(source, tmp_path):
    import_patches(source, tmp_path / "out", SETTINGS)
    path = patch_path(tmp_path / "out", "set")
    convert([path], tmp_path / "jpeg", StorageSettings(codec="jpeg"))
    shutil.copy(tmp_path / "jpeg" / path.name, path)

    _, kept = import_patches(source, tmp_path / "out", SETTINGS)

    assert (kept, PatchFile(path).codec) == (0, "raw")
    assert PatchFile(path.parent / "set_aside" / path.name).codec == "jpeg"
