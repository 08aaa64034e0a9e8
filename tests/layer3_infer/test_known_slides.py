from __future__ import annotations

import pytest
from tiff_slides import asap

from common.errors import ConfigError
from common.truth import truth_of
from layer3_infer.known_slides import read_entries

SQUARE = [(0, 0), (100, 0), (100, 100), (0, 100)]


def test_a_folder_of_nothing_but_annotations_is_read_by_name(tmp_path):
    (tmp_path / "a.xml").write_text(asap([SQUARE]))
    (tmp_path / "b.geojson").write_text('{"type": "FeatureCollection", "features": []}')

    entries = read_entries(tmp_path)

    assert sorted(entries) == ["a", "b"]
    assert truth_of(entries["a"]).positive is True
    assert truth_of(entries["b"]).positive is False


def test_two_annotations_of_one_slide_are_refused(tmp_path):
    for suffix in ("xml", "geojson"):
        (tmp_path / f"a.{suffix}").write_text(asap([SQUARE]))

    with pytest.raises(ConfigError, match="expected one annotation, found two"):
        read_entries(tmp_path)


def test_a_cohort_is_read_as_everywhere(cohort_csv):
    assert sorted(read_entries(cohort_csv)) == ["glass", "green", "pink"]


def test_a_scale_that_is_stated_is_for_slides_that_say_none(tmp_path):
    (tmp_path / "a.xml").write_text(asap([SQUARE]))

    assert read_entries(tmp_path, 0.25)["a"].fallback_mpp == 0.25
