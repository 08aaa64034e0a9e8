from __future__ import annotations

import json
import re
import shutil

import pytest

from common.errors import ContractError
from layer3_infer.config import ViewSettings
from layer3_infer.viewer.pages import list_page, slide_page
from layer3_infer.viewer.table import SlideTable


def table(folder, slides=None):
    return SlideTable.of(folder, slides, ViewSettings())


def scene(page):
    return json.loads(re.search(r'id="scene">(.*?)</script>', page, re.S)[1])


def test_the_list_leads_to_every_slide_by_number(finished):
    page = list_page(table(finished))

    assert re.findall(r'href="(\d+)/">(\w+)<', page) == [
        ("0", "glass"),
        ("1", "green"),
        ("2", "pink"),
    ]


def test_a_slide_is_shown_from_tiles_with_what_lies_over_it(finished, cohort_csv):
    page = slide_page(table(finished, cohort_csv), 1)

    assert scene(page)["slide"]["tiles"]["address"] == "slide_files/{level}/{column}_{row}.jpg"
    assert scene(page)["heat"]["tiles"]["levels"] == 11
    assert 'class="annotation' in page
    assert 'class="region"' in page


def test_without_the_slide_its_picture_is_shown(finished):
    page = slide_page(table(finished), 1)

    assert scene(page)["slide"] == {"picture": "slide-picture"}
    assert 'src="picture.jpg"' in page


def test_regions_that_cannot_be_read_are_told(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "green.geojson").write_text("{")

    assert "regions not drawn" in slide_page(table(copy), 1)


def test_a_slide_with_neither_tiles_nor_picture_is_refused(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "green.slide.jpg").unlink()

    with pytest.raises(ContractError, match="--slides"):
        slide_page(table(copy), 1)
