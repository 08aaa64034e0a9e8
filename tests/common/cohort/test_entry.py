from __future__ import annotations

from pathlib import Path

import pytest

from common.cohort import SlideEntry
from common.cohort.entry import TEXTS, is_file_name, is_plain, mpp_mistakes, text_mistakes

PATH = Path("/slides/a.tif")


def test_what_is_not_known_is_empty():
    entry = SlideEntry("a", PATH)

    assert [getattr(entry, name) for name in TEXTS[1:]] == [""] * 5
    assert entry.mpp is None
    assert entry.annotation is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"slide_id": ""}, "slide_id: expected a name that files can bear"),
        ({"slide_id": "a/b"}, r"slide_id: .* found 'a/b'"),
        ({"slide_id": "..\\b"}, "slide_id"),
        ({"slide_id": ".hidden"}, "slide_id"),
        ({"patient": " p"}, "patient: expected text on one line without space around it"),
        ({"node": "1\n2"}, "node"),
        ({"centre": "\ud800"}, "centre"),
        ({"slide_label": "tumour"}, r"slide_label: expected one of negative, .* found 'tumour'"),
        ({"split": "Train"}, "split: expected one of train, valid, test or nothing, found 'Train'"),
        ({"mpp": 0.0}, "mpp: expected um/px greater than 0, found 0.0"),
        ({"mpp": float("nan")}, "mpp"),
        ({"mpp": float("inf")}, "mpp"),
    ],
)
def test_a_value_that_no_file_could_keep_is_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        SlideEntry(**{"slide_id": "a", "path": PATH} | fields)


def test_every_mistake_is_named():
    texts = {"slide_id": "a/b", "slide_label": "big", "split": "dev", "node": "1 "}

    assert [line.partition(":")[0] for line in text_mistakes(texts)] == [
        "node",
        "slide_id",
        "slide_label",
        "split",
    ]
    assert mpp_mistakes(0.25) == mpp_mistakes(None) == []


def test_a_file_name_and_plain_text():
    assert is_file_name("patient 1.v2")
    assert is_plain("Université 病理")
    assert not is_plain("a\tb")


def test_what_is_read_of_a_slide_is_its_file_and_its_annotation_where_it_has_one():
    plain = SlideEntry("a", Path("a.tif"))
    drawn = SlideEntry("a", Path("a.tif"), annotation=Path("a.xml"))

    assert plain.files == (Path("a.tif"),)
    assert drawn.files == (Path("a.tif"), Path("a.xml"))
