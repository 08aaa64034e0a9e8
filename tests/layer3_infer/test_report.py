from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from common.config import with_values
from common.errors import ConfigError
from common.outcomes import write_outcome
from layer3_infer.config import EvaluateSettings, ExplainSettings, ReportSettings
from layer3_infer.evaluation import evaluate_folder
from layer3_infer.explain.pipeline import explain_slides, wanted_files
from layer3_infer.report import write_report
from layer3_infer.slide_result import SlideResult

SETTINGS = ReportSettings()


class Page(HTMLParser):
    """Collects what a browser would see: elements with their attributes, and the text."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_the_page_shows_every_slide_with_its_numbers_and_pictures(copy):
    path = write_report(copy, SETTINGS)

    page = Page(path)
    assert path == copy / "report.html"
    for slide in ("green", "pink", "glass"):
        assert slide in page.text
    assert len(page.all("img")) == 8
    assert "n 8; auc 0.900" in page.text
    assert "no (held out as test)" in page.text
    assert "yes (train split)" in page.text
    assert "For research only" in page.text
    assert "the model has met this slide or its patient in its train split" in page.text
    assert "no patch has 25% tissue or more" in page.text
    assert "by_colour" in page.text
    assert "green.geojson" in page.text


def test_the_page_needs_nothing_but_itself(copy):
    page = Page(write_report(copy, SETTINGS))

    addresses = [a.get("src") or a.get("href") for _, a in page.elements]
    addresses = [address for address in addresses if address]
    assert all(a.startswith(("data:image/jpeg;base64,", "#")) for a in addresses)
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r"url\(|@import", (copy / "report.html").read_text())


def test_every_picture_has_words_for_those_who_cannot_see_it(copy):
    assert all(image["alt"] for image in Page(write_report(copy, SETTINGS)).all("img"))


def test_every_link_leads_to_a_place_on_the_page(copy):
    page = Page(write_report(copy, SETTINGS))

    ids = {attributes.get("id") for _, attributes in page.elements}
    assert {link["href"].removeprefix("#") for link in page.all("a")} <= ids


def test_a_name_is_text_and_never_a_command_to_the_browser(copy):
    name = '<script>alert("x")<img src=x onerror=alert(1)>'
    nasty = SlideResult(
        name, "failed", reason=f"{name}: broken", patient=name, warnings=(name,), exit_status=3
    )
    write_outcome(copy, nasty)

    page = Page(write_report(copy, with_values(SETTINGS, {"title": name})))

    assert not page.all("script")
    assert all(image["src"].startswith("data:") for image in page.all("img"))
    assert page.text.count(name) >= 4


def test_a_failed_slide_is_shown_with_its_reason(copy):
    write_outcome(copy, SlideResult("broken", "failed", "broken.tif: no pixels", exit_status=3))

    assert "broken.tif: no pixels" in Page(write_report(copy, SETTINGS)).text


def test_a_slide_no_task_has_reached_is_named(copy):
    (copy / "outcomes" / "pink.json").unlink()

    text = Page(write_report(copy, SETTINGS)).text

    assert "Slides of this cohort without a result yet (1): pink" in " ".join(text.split())


def test_comparison_and_explanations_are_shown_where_they_are(
    copy, bundle, patch_folder, cohort_csv
):
    evaluate_folder(copy, cohort_csv, EvaluateSettings(replicates=20))
    explain_slides(
        bundle, wanted_files(patch_folder), copy / "explanations", ExplainSettings(top=2)
    )

    page = Page(write_report(copy, SETTINGS))

    assert "Against annotations" in page.text
    assert page.text.count("Grad-CAM") == 2
    assert len(page.all("img")) == 10
    assert "Most suspect of the 4 patches layer 1 stored, with Grad-CAM" in page.text
    assert "Intervals are bootstraps over patients." in page.text
    assert "another model" not in page.text


def test_the_model_card_is_shown_if_it_is_of_this_model(copy, bundle_path, tmp_path):
    page = Page(write_report(copy, SETTINGS, model=bundle_path, out=tmp_path / "page.html"))

    assert "# By colour" in page.text
    assert not (copy / "report.html").exists()


def test_the_card_of_another_model_is_refused(copy, bundle_path):
    facts = (copy / "model.json").read_text()
    (copy / "model.json").write_text(re.sub(r'"model_sha256": "\w+"', '"model_sha256": "b"', facts))

    with pytest.raises(ConfigError, match="expected the model of these heatmaps, b"):
        write_report(copy, SETTINGS, model=bundle_path)


def test_a_comparison_of_another_model_is_not_shown(copy, cohort_csv):
    evaluate_folder(copy, cohort_csv, EvaluateSettings(replicates=20))
    values = json.loads((copy / "evaluation.json").read_text())
    (copy / "evaluation.json").write_text(json.dumps({**values, "model_sha256": "b"}))

    text = Page(write_report(copy, SETTINGS)).text

    assert "made for another model" in text
    assert "bootstraps" not in text


@pytest.mark.parametrize("name", ["png", "slide.jpg", "top.png", "heatmap.h5"])
def test_a_slide_with_a_file_missing_is_told_to_be_incomplete(copy, name):
    (copy / f"green.{name}").unlink()

    page = Page(write_report(copy, SETTINGS))

    assert page.text.count("Results incomplete, run heatmap again") == 1
    assert f"green.{name}" in page.text
    assert len(page.all("img")) == 5


def test_a_result_another_model_left_behind_is_not_shown_as_this_ones(copy):
    record = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**record, "model_sha256": "b"}))

    page = Page(write_report(copy, SETTINGS))

    assert page.text.count("Results incomplete, run heatmap again") == 3
    assert not page.all("img")


def test_explanations_without_their_picture_are_told_to_be_incomplete(copy, bundle, patch_folder):
    out = copy / "explanations"
    explain_slides(bundle, wanted_files(patch_folder), out, ExplainSettings(top=2))
    (out / "green.grad_cam.png").unlink()

    page = Page(write_report(copy, SETTINGS))

    assert page.text.count("Explanations incomplete, run explain again") == 1
    assert len(page.all("img")) == 9


def test_the_same_results_give_the_same_page(copy, tmp_path):
    first = write_report(copy, SETTINGS, out=tmp_path / "a.html").read_bytes()

    assert write_report(copy, SETTINGS, out=tmp_path / "b.html").read_bytes() == first


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="Run it first"):
        write_report(tmp_path, SETTINGS)
