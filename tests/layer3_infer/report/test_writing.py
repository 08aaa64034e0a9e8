from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from urllib.parse import unquote

import cv2
import numpy as np
import pytest

from common.config import with_values
from common.errors import ConfigError
from common.outcomes import write_outcome
from layer3_infer.config import EvaluateSettings, ExplainSettings, ReportSettings
from layer3_infer.evaluation import evaluate_folder
from layer3_infer.explain.pipeline import explain_slides
from layer3_infer.explain.stored_patches import wanted_files
from layer3_infer.report import ReportInputs, write_report
from layer3_infer.slide_result import SlideResult, read_result

SETTINGS = ReportSettings()


class Page(HTMLParser):
    """Collects what a browser would see: elements with their attributes, and the text."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text, self._hidden = [], "", False
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag in {"script", "style"}

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        self.text += "" if self._hidden else f" {data} "

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def report(folder, settings=SETTINGS, **inputs):
    return write_report(folder, settings, ReportInputs(**inputs))


def cohort(folder, **inputs):
    return Page(report(folder, **inputs).page)


def slide(folder, slide_id, **inputs):
    written = report(folder, **inputs)
    return Page(written.page.with_suffix("") / f"{slide_id}.html")


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.fixture(scope="module")
def explained(finished, bundle, patch_folder, tmp_path_factory):
    """Results with Grad-CAM of two patches of each slide."""
    folder = shutil.copytree(finished, tmp_path_factory.mktemp("explained") / "results")
    files = wanted_files(patch_folder)
    explain_slides(bundle, files, folder / "explanations", ExplainSettings(top=2))
    return folder


@pytest.fixture
def with_explanations(explained, tmp_path):
    return shutil.copytree(explained, tmp_path / "with")


def test_the_page_about_the_cohort_lists_every_slide_with_its_numbers(copy):
    written = report(copy)

    page = Page(written.page)
    assert written.page == copy / "report.html"
    assert [path.name for path in written.slides] == ["glass.html", "green.html", "pink.html"]
    for name in ("green", "pink", "glass"):
        assert name in page.text
    assert "n 8; auc 0.900" in page.text
    assert "For research only" in page.text
    assert "2 of 3 slides carry a grave caution" in page.text
    assert "seen in training" in page.text
    assert "by_colour" in page.text


def test_the_page_of_a_slide_shows_it_with_its_layers_and_its_cautions(copy):
    pink, green = slide(copy, "pink"), slide(copy, "green")

    assert {"slide-picture", "heat-picture"} <= {image.get("id") for image in pink.all("img")}
    assert "has met this slide or its patient in its train split" in pink.text
    assert "yes (train split)" in pink.text
    assert "no (held out as test)" in green.text
    assert "green.geojson" in green.text
    assert "Largest regions above the threshold" in green.text
    assert "no patch has 25% tissue or more" in slide(copy, "glass").text


def test_the_pages_need_nothing_but_themselves_and_lead_to_one_another(copy):
    written = report(copy)

    for path in (written.page, *written.slides):
        page = Page(path)
        for _, attributes in page.elements:
            if source := attributes.get("src"):
                assert source.startswith("data:image/")
            if address := attributes.get("href"):
                assert (path.parent / unquote(address)).resolve().is_file()
        assert not page.all("link")
        text = path.read_text()
        assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", text)
        policy = page.all("meta")[3]["content"]
        assert policy.startswith("default-src 'none'; img-src data:; script-src 'sha256-")
        assert "unsafe" not in policy


def test_every_picture_has_words_for_those_who_cannot_see_it(with_explanations):
    written = report(with_explanations)

    for path in (written.page, *written.slides):
        images = Page(path).all("img")
        assert all(image["alt"] for image in images)


def test_a_name_is_text_and_never_a_command_to_the_browser(copy):
    name = '<script>alert("x")<img src=x onerror=alert(1)> \u2028'.strip() + " '"
    name = name.replace("'", "&'").replace("/", "")
    result = read_result(copy, "green")
    for path in copy.glob("green.*"):
        path.rename(copy / path.name.replace("green", name))
    (copy / "outcomes" / "green.json").unlink()
    values = {**vars(result), "slide_id": name, "patient": name, "warnings": (name,)}
    write_outcome(copy, SlideResult(**values))

    written = report(copy, with_values(SETTINGS, {"title": name}))

    for path in (written.page, copy / "report" / f"{name}.html"):
        page = Page(path)
        assert all(image["src"].startswith("data:") for image in page.all("img"))
        assert len(page.all("script")) <= 2
        assert " ".join(name.split()) in page.text
        assert "<script>alert" not in path.read_text()
    links = [unquote(link["href"]) for link in Page(written.page).all("a")]
    assert f"report/{name}.html" in links


def test_a_failed_slide_is_shown_with_its_reason(copy):
    write_outcome(copy, SlideResult("broken", "failed", "broken.tif: no pixels", exit_status=3))

    assert "broken.tif: no pixels" in slide(copy, "broken").text
    assert "broken" in cohort(copy).text


def test_a_slide_no_task_has_reached_is_named(copy):
    (copy / "outcomes" / "pink.json").unlink()

    assert "Slides of this cohort without a result yet (1): pink" in cohort(copy).text


def test_comparison_with_annotations_is_shown_where_it_is(copy, cohort_csv):
    evaluate_folder(copy, cohort_csv, EvaluateSettings(replicates=20))

    page = cohort(copy)

    assert "Against annotations" in page.text
    assert "patches: AUC 1.000" in page.text
    assert "Intervals are bootstraps over patients." in page.text


def test_annotated_tumour_is_drawn_where_it_is_given(copy, cohort_csv):
    page = slide(copy, "green", annotations=cohort_csv)

    outlines = [path["d"] for path in page.all("path") if "annotation" in path["class"]]
    assert len(outlines) == 2
    places = {tuple(map(int, one.split(","))) for one in re.findall(r"\d+,\d+", outlines[0])}
    assert places == {(320, 192), (448, 192), (448, 320), (320, 320)}


def test_explained_patches_are_shown_and_marked_at_their_places(with_explanations):
    page = slide(with_explanations, "green")

    assert "Why: Grad-CAM" in page.text
    assert "2 of 2 patches explained, chosen among 4" in page.text
    marks = [one for one in page.all("button") if one.get("data-edge") == "32"]
    assert {(one["data-x"], one["data-y"]) for one in marks} >= {("320", "192"), ("352", "192")}
    assert "Another model" not in page.text


@pytest.mark.parametrize(("passes", "said"), [(True, "passed"), (False, "failed")])
def test_what_a_check_of_the_methods_found_stands_beside_them(with_explanations, passes, said):
    told = {"method": "grad_cam", "verdict": "the maps say so", "passes": passes}
    model = json.loads((with_explanations / "run.json").read_text())["model_sha256"]
    record = {"model_sha256": model, "methods": [told]}
    (with_explanations / "explanations" / "sanity.json").write_text(json.dumps(record))

    assert f"Sanity check {said}: the maps say so" in slide(with_explanations, "green").text


def test_what_several_methods_say_of_a_patch_stands_side_by_side(
    with_explanations, bundle, patch_folder
):
    folder = with_explanations / "explanations"
    assert "side by side" not in slide(with_explanations, "green").text
    settings = ExplainSettings(methods=("grad_cam", "lime"), choose="uncertain", top=2)
    explain_slides(bundle, wanted_files(patch_folder), folder, settings, overwrite=True)

    page = slide(with_explanations, "green")

    assert "The methods side by side P(tumour) patch Grad-CAM LIME" in page.text
    assert page.text.count("those where the model is least sure") == 2
    assert sum("explained by LIME" in image["alt"] for image in page.all("img")) == 2


def test_explanations_that_cannot_be_read_are_told_to_be_incomplete(with_explanations):
    (with_explanations / "explanations" / "green.grad_cam.h5").write_bytes(b"half")

    assert "Explanations incomplete, run explain again" in slide(with_explanations, "green").text
    assert "Explanations incomplete" not in slide(with_explanations, "pink").text


def test_concepts_are_shown_where_they_are(copy, tmp_path):
    folder = tmp_path / "concepts"
    folder.mkdir()
    (folder / "concepts.json").write_text(json.dumps({"words": ["Large nuclei speak for tumour."]}))
    (folder / "concepts.csv").write_text("concept,layer,r2\narea,last,0.81234\n")
    cv2.imwrite(str(folder / "concepts.png"), np.zeros((20, 30, 3), np.uint8))

    page = cohort(copy, concepts=folder)

    assert "Large nuclei speak for tumour." in page.text
    assert "area last 0.8123" in page.text


def test_the_model_card_is_shown_if_it_is_of_this_model(copy, bundle_path, tmp_path):
    page = cohort(copy, model=bundle_path, out=tmp_path / "page.html")

    assert "# By colour" in page.text
    assert not (copy / "report.html").exists()
    assert (tmp_path / "page" / "green.html").is_file()


def test_the_card_of_another_model_is_refused(copy, bundle_path):
    facts = (copy / "model.json").read_text()
    (copy / "model.json").write_text(re.sub(r'"model_sha256": "\w+"', '"model_sha256": "b"', facts))

    with pytest.raises(ConfigError, match="expected the model of these heatmaps, b"):
        report(copy, model=bundle_path)


def test_a_comparison_of_another_model_is_not_shown(copy, cohort_csv):
    evaluate_folder(copy, cohort_csv, EvaluateSettings(replicates=20))
    values = json.loads((copy / "evaluation.json").read_text())
    (copy / "evaluation.json").write_text(json.dumps({**values, "model_sha256": "b"}))

    page = cohort(copy)

    assert "made for another model" in page.text
    assert "bootstraps" not in page.text


@pytest.mark.parametrize("name", ["slide.jpg", "top.png", "heatmap.h5", "geojson"])
def test_a_slide_with_a_file_missing_is_told_to_be_incomplete(copy, name):
    (copy / f"green.{name}").unlink()

    page = slide(copy, "green")

    assert page.text.count("Results incomplete, run heatmap again") == 1
    assert f"green.{name}" in page.text
    assert not page.all("img")
    assert "incomplete" in cohort(copy).text


def test_a_result_another_model_left_behind_is_not_shown_as_this_ones(copy):
    record = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**record, "model_sha256": "b"}))

    page = cohort(copy)

    assert page.text.count("another model's") == 3
    assert not page.all("img")


def test_the_same_results_give_the_same_pages(copy, tmp_path):
    first = [report(copy, out=tmp_path / name / "a.html") for name in ("one", "two")]

    for one, other in zip(first[0].slides, first[1].slides, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert first[0].page.read_bytes() == first[1].page.read_bytes()


def test_a_page_of_a_slide_that_is_gone_goes_too_and_other_files_stay(copy):
    report(copy)
    (copy / "report" / "notes.html").write_text("mine")
    (copy / "outcomes" / "pink.json").unlink()

    report(copy)

    names = {path.name for path in (copy / "report").iterdir()}
    assert names == {"green.html", "glass.html", "notes.html"}


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="Run it first"):
        report(tmp_path)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"out": "page"}, "ends in .html"),
        ({"key": "key.csv"}, "expected --anonymise"),
        ({"key": "report/key.csv", "anonymise": True}, "outside the report"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(copy, inputs, said):
    paths = {
        name: copy / value if isinstance(value, str) else value for name, value in inputs.items()
    }

    with pytest.raises(ConfigError, match=said):
        report(copy, **paths)


SECRETS = ("Doe_Jane_1950", "MRN-00042", "Saint-Elsewhere", "Roe_Rick", "secret_disk", "Poe_Edgar")
ELSEWHERE = ("Zoe_Z_slide", "Zoe_Z_patient")


@pytest.fixture
def named(with_explanations, cohort_csv):
    """Results whose names, failures and evaluation tell who was where."""
    folder, (slide_id, patient, centre, other, disk, waiting) = with_explanations, SECRETS
    evaluate_folder(folder, cohort_csv, EvaluateSettings(replicates=20))
    for path in [*folder.glob("green.*"), *folder.glob("explanations/green.*")]:
        path.rename(path.parent / path.name.replace("green", slide_id, 1))
    result = read_result(folder, "green")
    (folder / "outcomes" / "green.json").unlink()
    told = {"slide_id": slide_id, "patient": patient, "centre": centre}
    said = (f"annotation not drawn: /mnt/{disk}/{slide_id} old/{slide_id}.xml: broken",)
    write_outcome(folder, SlideResult(**{**vars(result), **told, "warnings": said}))
    reason = f"/mnt/{disk}/my slides/{other}.tif: tile 3: expected pixels, found none of {other}"
    write_outcome(folder, SlideResult(other, "failed", reason, patient=other, exit_status=3))
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**run, "host": disk, "slides": [waiting]}))
    text = (folder / "evaluation.json").read_text().replace('"green"', f'"{slide_id}"')
    values = {**json.loads(text), "left_out": {other: f"{disk}/{other}.xml: broken"}}
    values["stages"]["by_patient"] = {ELSEWHERE[1]: {"known": "pN0", "said": "pN1", "slides": 5}}
    values["left_out"][ELSEWHERE[0]] = "nothing is known of it"
    (folder / "evaluation.json").write_text(json.dumps({**values, "trained_on": [slide_id]}))
    return folder


def test_an_anonymous_report_holds_no_name_in_any_byte(named, tmp_path):
    out, key = tmp_path / "share" / "report.html", tmp_path / "key.csv"

    written = report(named, anonymise=True, out=out, key=key)

    everything = [*out.parent.rglob("*")]
    assert {path.name for path in everything} == {
        "report.html", "report", "slide-1.html", "slide-3.html", "slide-5.html", "slide-6.html",
    }  # fmt: skip
    for path in everything:
        data = path.read_bytes() if path.is_file() else b""
        for name in (*SECRETS, *ELSEWHERE):
            assert name.encode() not in data, (path, name)
            assert name not in path.name
    page = Page(written.page)
    assert "slide 1" in page.text
    assert "patient 1" in page.text
    assert "slide 2" in page.text.split("without a result yet")[1][:60]
    rows = key.read_text().splitlines()
    assert rows[0] == "kind,pseudonym,name"
    assert {f"slide,slide 1,{SECRETS[0]}", f"patient,patient 1,{SECRETS[1]}"} <= set(rows)


def test_an_anonymous_report_replaces_the_pages_with_names(named):
    before = report(named)

    after = report(named, anonymise=True)

    assert not any(path.exists() for path in before.slides)
    assert all(path.name.startswith("slide-") for path in after.slides)


def test_pictures_of_an_anonymous_report_are_the_same_whatever_the_names(copy, tmp_path):
    """What is drawn into a picture cannot be searched for: so it must not depend on the name."""
    first = report(copy, anonymise=True, out=tmp_path / "a" / "report.html")
    for path in copy.glob("green.*"):
        path.rename(copy / path.name.replace("green", "a_name"))
    result = read_result(copy, "green")
    (copy / "outcomes" / "green.json").unlink()
    write_outcome(copy, SlideResult(**{**vars(result), "slide_id": "a_name"}))

    second = report(copy, anonymise=True, out=tmp_path / "b" / "report.html")

    pictures = [
        {image["src"] for path in one.slides for image in Page(path).all("img")}
        for one in (first, second)
    ]
    assert pictures[0] == pictures[1]


def test_the_title_drawn_into_a_picture_is_cut_off(copy):
    page = slide(copy, "green")

    (sheet,) = [image for image in page.all("img") if image.get("class") == "sheet"]
    whole = cv2.imread(str(copy / "green.top.png"))
    shown = int(sheet["height"])
    assert (whole[: whole.shape[0] - shown] < 128).any(), "the title is there"
    assert not (whole[whole.shape[0] - shown :][:4] < 128).any(axis=-1)[:, :20].any()


def test_pseudonyms_stay_when_slides_are_added(copy, tmp_path):
    key = tmp_path / "key.csv"
    report(copy, anonymise=True, key=key, out=tmp_path / "a.html")
    before = set(key.read_text().splitlines())
    write_outcome(copy, SlideResult("aaa", "failed", "no pixels", exit_status=3))

    report(copy, anonymise=True, key=key, out=tmp_path / "a.html")

    assert before < set(key.read_text().splitlines())
    assert "slide,slide 4,aaa" in key.read_text()
