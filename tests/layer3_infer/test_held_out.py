from __future__ import annotations

import shutil

import pytest

from common.cohort import SlideEntry, read_cohort
from common.errors import ConfigError
from layer3_infer.explain.stored_patches import wanted_files
from layer3_infer.held_out import held_out_entries, held_out_files


def test_slides_met_in_training_are_left_out_and_those_of_the_test_split_stay(bundle, cohort_csv):
    kept = held_out_entries(read_cohort(cohort_csv), bundle.manifest)

    assert [entry.slide_id for entry in kept] == ["glass", "green"]


def test_the_same_holds_for_patch_files(bundle, patch_folder):
    assert list(held_out_files(wanted_files(patch_folder), bundle.manifest)) == ["green"]


def test_a_slide_that_cannot_be_read_stays_so_that_the_run_names_it(bundle, tmp_path):
    entry = SlideEntry("absent", tmp_path / "absent.tif")

    assert held_out_entries([entry], bundle.manifest) == [entry]


def test_a_patch_file_that_cannot_be_read_stays_too(bundle, patch_folder, tmp_path):
    folder = shutil.copytree(patch_folder, tmp_path / "patches")
    (folder / "pink.h5").write_bytes(b"half")

    assert list(held_out_files(wanted_files(folder), bundle.manifest)) == ["green", "pink"]


def test_nothing_left_is_an_error_that_says_what_to_do(bundle, cohort_csv):
    pink = [entry for entry in read_cohort(cohort_csv) if entry.slide_id == "pink"]

    with pytest.raises(ConfigError, match="found none of 1. Give other slides"):
        held_out_entries(pink, bundle.manifest)
