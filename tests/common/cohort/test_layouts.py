from __future__ import annotations

from pathlib import Path

import pytest

from common.cohort.layouts import (
    SLIDE_SUFFIXES,
    centre,
    has_slides,
    is_part,
    is_slide,
    label_in_name,
    masked_slide,
    patient_and_node,
)


@pytest.mark.parametrize(
    ("name", "slide"),
    [
        ("a.tif", True),
        ("a.NDPI", True),
        ("a.ome.tiff", True),
        (".a.tif", False),
        (".a.tif.0f3c.partial", False),
        ("normal_001_Mask.tif", False),
        ("Slidedat.ini", False),
        ("tif", False),
    ],
)
def test_a_slide_is_known_by_its_name(name, slide):
    assert is_slide(Path(name)) is slide


@pytest.mark.parametrize(
    ("name", "slide_id"),
    [
        ("Tumor_001_Mask.TIF", "Tumor_001"),
        ("masks/patient_000_node_4_mask.tiff", "patient_000_node_4"),
        ("masks/a.tif", "a"),
        ("a_mask.png", ""),
        ("masks/tumor_001_evaluation_mask.tif", ""),
        ("_mask.tif", ""),
        ("masks/.a.tif", ""),
    ],
)
def test_a_mask_is_known_by_its_name_or_its_folder(name, slide_id):
    assert masked_slide(Path(name)) == slide_id


def test_suffixes_are_in_lower_case():
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SLIDE_SUFFIXES)


def test_masks_and_hidden_folders_hold_no_slides():
    assert not has_slides("Masks")
    assert not has_slides("background_tissue")
    assert not has_slides(".git")
    assert has_slides("images")


@pytest.mark.parametrize("name", ["images", "normal", "Tumor", "centre_0", "center_4"])
def test_parts_of_a_layout_have_their_annotations_beside_them(name):
    assert is_part(name)


def test_any_other_folder_stands_alone():
    assert not is_part("training")
    assert not is_part("centre_0_old")


@pytest.mark.parametrize(
    "slide_id", ["patient_17", "patient_017_node_2_mask", "x_patient_0_node_1"]
)
def test_other_names_have_no_patient(slide_id):
    assert patient_and_node(slide_id) == ("", "")


@pytest.mark.parametrize(
    ("patient", "expected"), [(0, "0"), (19, "0"), (20, "1"), (99, "4"), (100, "0"), (199, "4")]
)
def test_twenty_patients_of_each_set_come_from_each_centre(patient, expected):
    assert centre(f"patient_{patient:03}_node_0", ["images"], is_camelyon17=True) == expected


def test_the_folder_of_a_centre_goes_before_the_number():
    folders = ["images", "centre_3", "training"]

    assert centre("patient_000_node_0", folders, is_camelyon17=True) == "3"


@pytest.mark.parametrize("slide_id", ["patient_200_node_0", "tumor_001"])
def test_a_slide_outside_the_numbering_has_no_centre(slide_id):
    assert centre(slide_id, ["images"], is_camelyon17=True) == ""


def test_numbers_say_nothing_outside_camelyon17():
    assert centre("patient_020_node_0", ["images"], is_camelyon17=False) == ""


@pytest.mark.parametrize("slide_id", ["test_001", "normal_1", "tumor_0001", "tumour_001"])
def test_other_names_have_no_label(slide_id):
    assert label_in_name(slide_id) == ""
