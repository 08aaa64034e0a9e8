from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiff_slides import asap

from common.cohort import SlideEntry
from common.errors import ConfigError, SlideError
from layer3_infer.truth import read_entries, slide_truth

SQUARE = [(0, 0), (100, 0), (100, 100), (0, 100)]
XY = np.array([[0, 0], [50, 0], [200, 0]], np.int64)


def entry(tmp_path, label="", annotation=None):
    path = None
    if annotation is not None:
        path = tmp_path / "a.xml"
        path.write_text(annotation)
    return SlideEntry("a", Path("a.tif"), slide_label=label, annotation=path)


def test_annotated_tumour_gives_shares_of_patches(tmp_path):
    truth = slide_truth(entry(tmp_path, "macro", asap([SQUARE])))

    assert truth.positive is True
    assert truth.fraction(XY, 100).tolist() == [1.0, 0.5, 0.0]


def test_a_negative_slide_has_no_tumour_anywhere(tmp_path):
    truth = slide_truth(entry(tmp_path, "negative"))

    assert truth.positive is False
    assert truth.fraction(XY, 100).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("label", "positive"), [("", None), ("micro", True)])
def test_a_missing_annotation_is_never_taken_for_no_tumour(tmp_path, label, positive):
    truth = slide_truth(entry(tmp_path, label))

    assert truth.positive is positive
    assert np.isnan(truth.fraction(XY, 100)).all()
    assert "no annotation" in truth.reason


def test_an_annotation_that_says_nothing_of_tumour_is_not_evidence(tmp_path):
    truth = slide_truth(entry(tmp_path, "", asap([SQUARE], group="lunch")))

    assert truth.positive is None
    assert "lunch" in truth.reason


@pytest.mark.parametrize(
    ("label", "drawn"), [("negative", asap([SQUARE])), ("macro", asap([SQUARE], group="normal"))]
)
def test_label_and_annotation_may_not_contradict_one_another(tmp_path, label, drawn):
    with pytest.raises(ConfigError, match=f"as slide_label is {label}"):
        slide_truth(entry(tmp_path, label, drawn))


def test_a_broken_annotation_ends_the_comparison(tmp_path):
    with pytest.raises(SlideError):
        slide_truth(entry(tmp_path, "macro", "<half"))


def test_a_folder_of_nothing_but_annotations_is_read_by_name(tmp_path):
    (tmp_path / "a.xml").write_text(asap([SQUARE]))
    (tmp_path / "b.geojson").write_text('{"type": "FeatureCollection", "features": []}')

    entries = read_entries(tmp_path)

    assert sorted(entries) == ["a", "b"]
    assert slide_truth(entries["a"]).positive is True
    assert slide_truth(entries["b"]).positive is False


def test_two_annotations_of_one_slide_are_refused(tmp_path):
    for suffix in ("xml", "geojson"):
        (tmp_path / f"a.{suffix}").write_text(asap([SQUARE]))

    with pytest.raises(ConfigError, match="expected one annotation, found two"):
        read_entries(tmp_path)


def test_a_cohort_is_read_as_everywhere(cohort_csv):
    assert sorted(read_entries(cohort_csv)) == ["glass", "green", "pink"]
