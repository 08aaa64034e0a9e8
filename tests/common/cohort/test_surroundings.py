from __future__ import annotations

from common.cohort.surroundings import surroundings


def touch(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_annotations_are_found_beside_and_in_their_folders(tmp_path):
    found = [
        touch(tmp_path / "a.xml"),
        touch(tmp_path / "annotations" / "a.GeoJSON"),
        touch(tmp_path / "Lesion_annotations" / "b.xml"),
    ]
    touch(tmp_path / "deeper" / "c.xml")
    touch(tmp_path / ".d.xml")
    touch(tmp_path / "e.csv")

    around = surroundings(tmp_path)

    assert around.annotations == {"a": [found[0], found[1]], "b": [found[2]]}
    assert around.name == tmp_path.name
    assert around.stages is None


def test_masks_are_found_beside_and_in_their_folders(tmp_path):
    found = [
        touch(tmp_path / "a_mask.tif"),
        touch(tmp_path / "masks" / "a_mask.TIFF"),
        touch(tmp_path / "Mask" / "b.tif"),
    ]
    touch(tmp_path / "masks" / "readme.txt")
    touch(tmp_path / "masks" / ".c.tif")
    touch(tmp_path / "c.tif")

    assert surroundings(tmp_path).masks == {"a": [found[0], found[1]], "b": [found[2]]}


def test_the_table_of_stages_is_read(tmp_path):
    touch(tmp_path / "stages.csv", "patient,stage\na.tif,micro\n")

    assert surroundings(tmp_path).stages == {"a": "micro"}


def test_a_folder_that_cannot_be_listed_says_nothing(tmp_path):
    around = surroundings(touch(tmp_path / "annotations") / "below")

    assert around.annotations == {}
    assert around.stages is None


def test_a_file_by_the_name_of_a_folder_of_annotations_holds_none(tmp_path):
    touch(tmp_path / "annotations")

    assert surroundings(tmp_path).annotations == {}
