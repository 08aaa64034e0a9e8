from __future__ import annotations

from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide

from common.cohort import read_cohort
from layer1_extract.scan import scan_cohort


def test_the_cohort_file_holds_what_the_folder_says(tmp_path):
    root = write_cohort_folder(tmp_path / "cohort")

    result = scan_cohort(root, tmp_path / "cohort.csv", None)

    entries = read_cohort(tmp_path / "cohort.csv")
    assert result.exit_status == 0
    assert [entry.slide_label for entry in entries] == ["macro", "negative", "macro"]
    assert all(abs(entry.mpp - 0.5) < 1e-6 for entry in entries)
    assert [entry.annotation is not None for entry in entries] == [True, False, True]
    assert "patient_000_node_0: 0.5 um/px, patient_000, node 0, centre 0, macro, annotated" in (
        result.text
    )


def test_a_slide_without_scale_is_listed_named_and_left_to_fill(tmp_path):
    write_slide(tmp_path / "in" / "a.tif", tissue_on_glass())
    write_slide(tmp_path / "in" / "b.tif", tissue_on_glass(), mpp=None)

    result = scan_cohort(tmp_path / "in", tmp_path / "cohort.csv", None)

    assert result.exit_status == 3
    assert "b: mpp unknown" in result.text
    assert [entry.mpp is None for entry in read_cohort(tmp_path / "cohort.csv")] == [False, True]


def test_a_stated_scale_fills_what_is_missing(tmp_path):
    write_slide(tmp_path / "in" / "b.tif", tissue_on_glass(), mpp=None)

    assert scan_cohort(tmp_path / "in", tmp_path / "cohort.csv", 0.25).exit_status == 0
    assert read_cohort(tmp_path / "cohort.csv")[0].mpp == 0.25


def test_what_is_known_to_be_wrong_with_a_slide_is_said_of_it(tmp_path):
    write_slide(tmp_path / "in" / "test_049.tif", tissue_on_glass())
    write_slide(tmp_path / "in" / "test_050.tif", tissue_on_glass())

    result = scan_cohort(tmp_path / "in", tmp_path / "cohort.csv", None)

    assert result.exit_status == 0
    assert "known of CAMELYON16's test_049: duplicate" in result.text
    assert len(result.data["notes"]) == 1
    assert len(read_cohort(tmp_path / "cohort.csv")) == 2


def test_a_mask_is_told_from_a_drawn_annotation(tmp_path):
    write_slide(tmp_path / "in" / "a.tif", tissue_on_glass())
    (tmp_path / "in" / "masks").mkdir()
    (tmp_path / "in" / "masks" / "a_mask.tif").touch()

    result = scan_cohort(tmp_path / "in", tmp_path / "cohort.csv", None)

    assert "a: 0.5 um/px, annotated by a mask" in result.text
