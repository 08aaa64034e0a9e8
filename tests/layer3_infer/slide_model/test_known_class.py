from __future__ import annotations

from pathlib import Path

import pytest
from tiff_slides import asap

from common.cohort import SlideEntry
from common.errors import ConfigError
from layer3_infer.config import SlideModelSettings
from layer3_infer.slide_model.known_class import BINARY, STAGES, choose_classes, known_class


def entry(slide_id="a", **values):
    return SlideEntry(slide_id, Path("a.tif"), **values)


@pytest.mark.parametrize("label", [*STAGES, "positive"])
def test_the_label_of_the_cohort_decides_without_a_look_at_annotations(label):
    slide = entry(slide_label=label, annotation=Path("missing.xml"))

    assert known_class(slide, exceptions=True) == (label, "")


def test_annotated_tumour_is_positive_without_a_stage(tmp_path):
    annotation = tmp_path / "a.xml"
    annotation.write_text(asap([[(0, 0), (9, 0), (9, 9)]]))

    assert known_class(entry(annotation=annotation), exceptions=True) == ("positive", "")


def test_of_what_nothing_is_said_nothing_is_known():
    name, reason = known_class(entry(), exceptions=True)

    assert name == ""
    assert "no annotation" in reason


def test_what_is_known_to_be_wrong_with_camelyon_is_heeded_or_not():
    relabelled, duplicate = entry("normal_086", slide_label="negative"), entry("test_049")

    assert known_class(relabelled, exceptions=True) == ("positive", "")
    assert known_class(relabelled, exceptions=False) == ("negative", "")
    assert "duplicate" in known_class(duplicate, exceptions=True)[1]


def patients_of(counts):
    known = [name for name, count in counts.items() for _ in range(count)]
    return known, [f"p{number}" for number in range(len(known))]


def test_stages_are_told_apart_where_there_are_enough_patients_of_each():
    enough = patients_of(dict.fromkeys(STAGES, 5))
    few = patients_of({**dict.fromkeys(STAGES, 5), "itc": 4})

    assert choose_classes(*enough, SlideModelSettings()) == STAGES
    assert choose_classes(*few, SlideModelSettings()) == BINARY
    assert choose_classes(*enough, SlideModelSettings(classes="binary")) == BINARY


def test_too_few_patients_are_refused_with_how_many_are_needed():
    known = patients_of({**dict.fromkeys(STAGES, 5), "itc": 2, "positive": 1})
    message = "at least 5 patients of each class.*itc: slides of 2 patients; positive without"
    with pytest.raises(ConfigError, match=message):
        choose_classes(*known, SlideModelSettings(classes="stages"))

    known, patients = patients_of({"negative": 9, "macro": 5})
    with pytest.raises(ConfigError, match="found positive: slides of 4 patients"):
        choose_classes(known, [*patients[:-1], patients[-2]], SlideModelSettings())
