from __future__ import annotations

import re
import shutil

import cv2
import numpy as np
import pytest
from slide_predictions import write_predictions

from layer3_infer.config import ReportSettings
from layer3_infer.report.caution import Caution
from layer3_infer.report.cohort_page import Line, cohort_html
from layer3_infer.report.concept_section import ConceptSection
from layer3_infer.report.names import Names
from layer3_infer.report.recorded import Recorded
from layer3_infer.viewer.pictures import embed

THUMBNAIL = embed(np.zeros((50, 96, 3), np.uint8), ".jpg", 75)


@pytest.fixture
def recorded(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    write_predictions(copy, "slide_id,patient,score,class\ngreen,p1,0.9,macro\n")
    return Recorded.of(copy)


def html(recorded, names=None, cautions=(), **more):
    lines = [Line(result, cautions, THUMBNAIL) for result in recorded.results]
    given = names or Names()
    return cohort_html(recorded, lines, given, ReportSettings(), pages="pages", **more)


def test_a_row_leads_to_the_page_of_its_slide_and_can_be_sorted_by_number(recorded):
    page = html(recorded)

    assert 'href="pages/green.html"' in page
    assert page.count('aria-sort="none"') == 9
    assert "macro 0.9" in page
    assert 'data-value=""' in page  # what is not known has no number


def test_cautions_are_tags_or_texts(recorded):
    page = html(
        recorded, cautions=[Caution("seen in training", "t", grave=True), Caution("", "said")]
    )

    assert page.count('<span class="tag failed">seen in training</span>') == 3
    assert page.count("said</div>") == 3
    assert "3 of 3 slides carry a grave caution" in page


def test_what_a_slide_model_said_of_other_heatmaps_is_told_to_be_left_out(recorded):
    (recorded.folder.path / "slide_predictions.json").unlink()

    page = html(Recorded.of(recorded.folder.path))

    assert "macro" not in page
    assert "What a slide model said is not shown:" in page


def test_no_name_is_left_in_what_a_slide_model_said_or_in_a_table_of_concepts(recorded):
    folder = recorded.folder.path
    reason = "/data/Müller Anna/green.heatmap.h5: expected a heatmap, found none of green"
    write_predictions(folder, f'slide_id,patient,score,class,reason\ngreen,p1,,green,"{reason}"\n')
    concepts = ConceptSection(["concept", "green"], [["area", "green"]], None, (), False)
    again = Recorded.of(folder)

    page = html(again, Names.anonymous(again.results), concepts=concepts)

    assert "Müller" not in page
    assert "<th>slide 2</th>" in page
    assert not re.search(r"\bgreen\b", page)


def test_curves_are_shown_only_with_a_comparison_of_this_model(recorded):
    cv2.imwrite(str(recorded.folder.path / "froc.png"), np.zeros((10, 10, 3), np.uint8))

    assert "FROC curve" not in html(recorded)


def test_who_ran_it_where_is_left_out_where_names_are(recorded):
    host = recorded.run["host"]

    assert host in html(recorded)
    assert f"<td>{host}</td>" not in html(recorded, Names.anonymous(recorded.results))


def test_a_thousand_slides_make_a_page_of_a_few_megabytes(recorded):
    lines = [Line(recorded.results[1], (), THUMBNAIL)] * 1000

    page = cohort_html(recorded, lines, Names(), ReportSettings(), pages="pages")

    assert len(page) < 5_000_000
