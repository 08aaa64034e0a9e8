from __future__ import annotations

import pytest

from common.errors import ConfigError, SlideError
from common.files import sha256
from common.tissue.mask_folder import given_mask, mask_hash, mask_path, refuse_unknown_masks


def test_the_hash_of_a_mask_follows_its_bytes_and_is_empty_without_one(tmp_path):
    path = mask_path(tmp_path, "s")
    path.write_text("{}")

    assert mask_hash(tmp_path, "s") == sha256(path)
    assert mask_hash(tmp_path, "other") == ""
    assert mask_hash(None, "s") == ""
    assert given_mask(tmp_path, "s") == path


def test_a_folder_of_masks_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="--masks: expected a folder"):
        mask_hash(tmp_path / "mask", "s")


def test_a_mask_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "s.geojson").mkdir()

    with pytest.raises(SlideError, match=r"s\.geojson: mask: expected a readable file"):
        mask_hash(tmp_path, "s")


def test_a_mask_that_belongs_to_no_slide_is_refused_with_the_nearest(tmp_path):
    names = ("patient_001_node_0", "patient_001_node_1.tif", "typo", "patient_001_node_2")
    for name in names:
        mask_path(tmp_path, name).touch()
    ids = ["patient_001_node_0", "patient_001_node_1", "patient_001_node_2"]

    with pytest.raises(ConfigError) as refused:
        refuse_unknown_masks(tmp_path, ids)

    said = str(refused.value)
    nearest = "(did you mean patient_001_node_1.geojson?)"
    assert f"patient_001_node_1.tif.geojson {nearest}\n  typo.geojson\n" in said
    assert "found 2 that belong to none" in said


def test_a_suffix_in_capitals_would_not_be_found_and_is_refused(tmp_path):
    (tmp_path / "s.GeoJSON").touch()

    with pytest.raises(ConfigError, match=r"s\.GeoJSON \(did you mean s\.geojson"):
        refuse_unknown_masks(tmp_path, ["s"])


def test_other_files_and_those_of_the_slides_may_lie_there(tmp_path):
    (tmp_path / "set_aside").mkdir()
    for name in ("s.geojson", "notes.txt", "._s.geojson", "set_aside/s.2.geojson"):
        (tmp_path / name).touch()

    refuse_unknown_masks(tmp_path, ["s", "t"])
