from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import Header, SlideExplanations, write_explanations
from layer3_infer.report.explained import FOLDER, explained_patches
from layer3_infer.report.method_check import MethodCheck

HEADER = Header(
    method="lime",
    target="tumor",
    slide_id="a",
    slide_fingerprint="f",
    patch_size=8,
    patch_mpp=0.5,
    model_sha256="m",
    seen_in_split="",
    config_sha256="c",
    patches_config_sha256="p",
    software="test 1",
    candidates=9,
)


def explanation(x, **changes):
    ramp = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    patch = np.full((8, 8, 3), 200, np.uint8)
    values = {"method": "lime", "target": "tumor", "raw": ramp, "patch": patch, "slide_id": "a"}
    return Explanation(**{**values, "x": x, "y": 7, "probability": 0.75, "label": 1, **changes})


@pytest.fixture
def folder(tmp_path):
    rows = (explanation(100, measures={"r2": 0.5}), explanation(-1, measures={"r2": np.nan}))
    (tmp_path / FOLDER).mkdir()
    write_explanations(tmp_path / FOLDER / "a.lime.h5", SlideExplanations(HEADER, rows))
    return tmp_path


def test_patches_are_shown_with_what_is_known_of_them(folder):
    (found,) = explained_patches(folder, "a", "m", mpp=0.25, most=12)

    assert (found.method, found.explained, found.candidates) == ("LIME", 2, 9)
    first = found.patches[0]
    assert (first.x, first.y, first.edge, first.label) == (100, 7, 16, "label tumour")
    assert first.measures.startswith("R2 0.50")
    assert first.patch.address != first.over.address
    assert not found.other_model


def test_only_those_with_a_place_are_marked(folder):
    (found,) = explained_patches(folder, "a", "m", mpp=0.25, most=12)

    (mark,) = found.marks
    assert (mark.kind, mark.x, mark.edge, mark.picture) == (
        "explanations",
        100,
        16,
        "explained-lime-1",
    )


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("top", "those of highest probability"),
        ("uncertain", "those where the model is least sure"),
        ("named", "those that were named"),
        ("of another version", ""),
    ],
)
def test_it_says_which_patches_were_chosen(folder, choice, said):
    header = dataclasses.replace(HEADER, choice=choice)
    path = folder / FOLDER / "a.lime.h5"
    path.unlink()
    write_explanations(path, SlideExplanations(header, (explanation(100),)))

    assert explained_patches(folder, "a", "m", 0.25, 1)[0].choice == said


def test_what_a_check_of_the_method_found_is_told_with_it(folder):
    told = {"method": "lime", "verdict": "the maps change", "passes": True}
    record = {"model_sha256": "m", "methods": [told]}
    (folder / FOLDER / "sanity.json").write_text(json.dumps(record))

    (found,) = explained_patches(folder, "a", "m", 0.25, 1)

    assert found.check == MethodCheck("the maps change", True)


def test_no_more_are_shown_than_asked_for(folder):
    (found,) = explained_patches(folder, "a", "m", mpp=0.25, most=1)

    assert len(found.patches) == 1
    assert found.explained == 2


def test_those_of_another_model_are_told(folder):
    (found,) = explained_patches(folder, "a", "other", mpp=0.25, most=1)

    assert found.other_model


def test_a_broken_file_is_told_and_another_slides_is_none(folder):
    (folder / FOLDER / "a.lime.h5").write_bytes(b"half")

    assert explained_patches(folder, "a", "m", 0.25, 1)[0].broken
    assert explained_patches(folder, "b", "m", 0.25, 1) == []


def test_the_header_is_that_of_a_file():
    assert {field.name for field in dataclasses.fields(Header)} >= {"patch_size", "candidates"}
