from __future__ import annotations

import shutil

import pytest
from small_cohort import filled
from tiff_slides import write_slide

from common.errors import ConfigError
from layer3_infer.config import ViewSettings
from layer3_infer.viewer.table import SlideTable

SETTINGS = ViewSettings()


def names(table):
    return [result.slide_id for result in table.results]


def test_slides_with_a_heatmap_are_served(finished, cohort_csv):
    table = SlideTable.of(finished, cohort_csv, SETTINGS)

    assert names(table) == ["glass", "green", "pink"]
    green = table.slide(1)
    assert green.tiles.zoom.width == 1024
    assert len(green.annotations) == 1
    assert green.notes == ()


def test_without_slides_their_pictures_are(finished):
    green = SlideTable.of(finished, None, SETTINGS).slide(1)

    assert green.tiles is None
    assert green.annotations == ()
    assert (green.pyramid.width, green.pyramid.mpp) == (1024, 0.5)


def test_another_slide_of_the_same_name_is_not_taken_for_it(finished, tmp_path):
    write_slide(tmp_path / "green.tif", filled())

    green = SlideTable.of(finished, tmp_path, SETTINGS).slide(1)

    assert green.tiles is None
    assert "the slide of the heatmap" in green.notes[0]


def test_a_slide_that_says_no_scale_has_that_of_its_heatmap(finished, cohort_csv, tmp_path):
    shutil.copy(cohort_csv.parent / "green.tif", tmp_path / "green.tif")

    assert SlideTable.of(finished, tmp_path, SETTINGS).slide(1).tiles.slide.pyramid.mpp == 0.5


def test_a_folder_without_heatmaps_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected heatmaps"):
        SlideTable.of(tmp_path, None, SETTINGS)


def test_slides_are_opened_once(finished, cohort_csv):
    table = SlideTable.of(finished, cohort_csv, SETTINGS)

    assert table.slide(1) is table.slide(1)
