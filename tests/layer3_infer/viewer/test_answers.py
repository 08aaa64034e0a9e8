from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from layer3_infer.config import ViewSettings
from layer3_infer.viewer.answers import Answers
from layer3_infer.viewer.table import SlideTable


@pytest.fixture(scope="module")
def answers(finished, cohort_csv):
    return Answers(SlideTable.of(finished, cohort_csv, ViewSettings()))


def decoded(answer):
    assert answer.status == 200
    return cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize(
    ("address", "kind", "within"),
    [
        ("", "text/html", b"green"),
        ("1/", "text/html", b"green"),
        ("viewer.js", "text/javascript", b"stage"),
        ("viewer.css", "text/css", b".stage"),
        ("1/slide.dzi", "application/xml", b'Format="jpg"'),
        ("1/heatmap.dzi", "application/xml", b'Format="png"'),
        ("1/picture.jpg", "image/jpeg", b"JFIF"),
        ("1/slide_files/10/0_0.jpg", "image/jpeg", b"JFIF"),
        ("1/heatmap_files/10/0_0.png", "image/png", b"PNG"),
    ],
)
def test_what_is_served(answers, address, kind, within):
    answer = answers.to(address)

    assert answer.status == 200
    assert answer.kind.startswith(kind)
    assert within in answer.body


@pytest.mark.parametrize(
    "address",
    [
        "3/", "-1/", "x/", "1", "1/../2/", "../run.json", "1/..%2f..%2frun.json", "/etc/passwd",
        "1/green.png", "1/label.jpg", "1/macro.jpg", "1/slide_files/10/0_0.png", "run.json",
        "1/heatmap_files/10/0_0.jpg", "1/slide_files/11/0_0.jpg", "1/slide_files/10/4_0.jpg",
        "1/slide_files/10/0_-1.jpg", "1/slide_files/10/0_0.jpg/", "1/other_files/10/0_0.jpg",
        "99999999999999999999/", "1/slide_files/10/0_0.jpg\n", "٣/", "1//",
    ],
)  # fmt: skip
def test_nothing_else_is(answers, address):
    assert answers.to(address).status == 404


def test_slide_and_heatmap_tiles_lie_on_each_other(answers):
    slide = decoded(answers.to("1/slide_files/10/1_0.jpg"))
    heat = decoded(answers.to("1/heatmap_files/10/1_0.png"))

    green = (slide[..., 1].astype(int) - slide[..., 2]) > 60
    yellow = (heat[..., 2] > 200) & (heat[..., 3] > 150)
    assert slide.shape[:2] == heat.shape[:2]
    assert (green == yellow).mean() > 0.99
    assert abs(green.sum() - 64 * 128) < 100


def test_a_tile_of_the_cache_is_the_same(answers):
    first = answers.to("1/slide_files/10/1_1.jpg")

    assert answers.to("1/slide_files/10/1_1.jpg") == first


def test_there_are_no_tiles_without_the_slide(finished):
    answers = Answers(SlideTable.of(finished, None, ViewSettings()))

    assert answers.to("1/slide_files/10/0_0.jpg").status == 404
    assert answers.to("1/heatmap_files/10/0_0.png").status == 200


def test_a_file_that_cannot_be_read_is_told_without_its_name(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    answers = Answers(SlideTable.of(copy, None, ViewSettings()))
    (copy / "green.heatmap.h5").write_bytes(b"half")

    answer = answers.to("1/")

    assert answer.status == 500
    assert b"green" not in answer.body
