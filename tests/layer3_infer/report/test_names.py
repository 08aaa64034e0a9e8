from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from common.files import write_text
from layer3_infer.report.names import Names


@dataclass(frozen=True)
class Result:
    slide_id: str
    patient: str = ""
    centre: str = ""


JANE = Names.anonymous([Result("jane_doe_7", "Doe", "Elsewhere"), Result("roe-2", "Roe", "3")])


def test_names_are_shown_as_they_are_unless_asked_otherwise():
    assert Names().of("slide", "a") == "a"
    assert Names().page("a b") == "a b.html"
    assert Names().text("/mnt/a.tif: broken") == "/mnt/a.tif: broken"
    assert not Names().hidden


def test_pseudonyms_are_numbered_by_name_and_kind():
    assert JANE.of("slide", "jane_doe_7") == "slide 1"
    assert JANE.of("slide", "roe-2") == "slide 2"
    assert JANE.of("patient", "Roe") == "patient 2"
    assert JANE.of("centre", "3") == "centre 1"
    assert JANE.of("patient", "") == ""
    assert JANE.page("roe-2") == "slide-2.html"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("found none of roe-2", "found none of slide 2"),
        ("/mnt/x y/roe-2.tif: tile 3: broken", "(file): tile 3: broken"),
        ("roe-2.tif: tile 3: broken", "(file): tile 3: broken"),
        ("expected 0.25 um/px, found 0.5 um/px", "expected 0.25 um/px, found 0.5 um/px"),
        ("block 3/7 of 3", "block 3/7 of 3"),
        ("see old/roe-2.xml", "(withheld: it names a file)"),
        (r"C:\scans\x.tif: broken, see D:\y", "(withheld: it names a file)"),
        ("xroe-2x is odd", "(withheld: it names a file)"),
        ("JANE_DOE_7 is odd", "slide 1 is odd"),
        ("no patch has 25% tissue", "no patch has 25% tissue"),
    ],
)
def test_a_text_loses_its_names_and_files_and_nothing_else(text, said):
    assert JANE.text(text) == said


@pytest.mark.parametrize("known", ["NFC", "NFD"])
@pytest.mark.parametrize("told", ["NFC", "NFD"])
def test_a_name_is_the_same_however_its_letters_are_composed(known, told):
    name, text = (unicodedata.normalize(form, "Müller-1234567") for form in (known, told))
    names = Names.anonymous([Result(name)])

    assert names.text(f"none of {text}") == "none of slide 1"
    assert names.text(f"none of {text.upper()}") == "none of slide 1"
    assert names.text(f"none of x{text}x") == "(withheld: it names a file)"
    assert names.of("slide", name) == "slide 1"


def test_names_that_differ_in_case_alone_keep_pseudonyms_of_their_own():
    names = Names.anonymous([Result("roe"), Result("Roe")])

    assert names.text("Roe, roe") == "slide 1, slide 2"


def test_values_lose_them_at_every_depth():
    found = JANE.values({"roe-2": ["Doe", {"why": "jane_doe_7"}], "n": 3})

    assert found == {"slide 2": ["patient 1", {"why": "slide 1"}], "n": 3}


name = st.text(st.characters(categories=["L", "N"]), min_size=3, max_size=12)


@given(names=st.lists(name, min_size=1, max_size=5, unique=True), text=st.text(max_size=60))
def test_no_text_keeps_a_name(names, text):
    told = Names.anonymous([Result(one) for one in names])

    shown = told.text(f"{text} {names[0]} {text}{names[-1]}")

    pseudonyms = {"slide", "withheld", "names", "file", "1", "2", "3", "4", "5"}
    assert not any(one in shown for one in names if one.casefold() not in "".join(pseudonyms))


def test_the_key_gives_the_same_pseudonyms_again_and_new_ones_new_numbers(tmp_path):
    key = tmp_path / "key.csv"
    key.write_text(JANE.as_csv())

    again = Names.anonymous([Result("aaa"), Result("roe-2")], ["zzz"], key)

    assert again.of("slide", "roe-2") == "slide 2"
    assert {again.of("slide", one) for one in ("aaa", "zzz")} == {"slide 3", "slide 4"}
    assert again.of("slide", "jane_doe_7") == "slide 1"


@pytest.mark.parametrize("name", ["Doe\u2028Jane", "Doe\r\nJane", 'Doe, "Jane"'])
def test_a_key_is_read_back_whatever_is_in_a_name(tmp_path, name):
    key = tmp_path / "key.csv"
    names = Names.anonymous([Result("a", name)])
    write_text(key, names.as_csv())

    assert Names.anonymous([], key=key).pseudonyms == names.pseudonyms


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "kind,pseudonym,name\nslide,slide 1\n"])
def test_another_file_is_not_taken_for_a_key(tmp_path, content):
    (tmp_path / "key.csv").write_text(content)

    with pytest.raises(ConfigError, match="expected a key"):
        Names.anonymous([Result("a")], key=tmp_path / "key.csv")
