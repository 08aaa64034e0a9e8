from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patch_headers import header

from common.patch_file.schema import REASONS, Header


@given(
    text=st.text(),
    number=st.integers(0, 2**40),
    mpp=st.floats(0.01, 100),
    placed=st.booleans(),
)
def test_a_header_survives_its_attributes(text, number, mpp, placed):
    one = header(slide_id=text, level0_width=number, patch_mpp=mpp, placed=placed)

    assert Header.from_attributes(one.attributes()) == one


def test_numbers_of_numpy_become_plain_ones():
    values = {**header().attributes(), "patch_size": np.int64(8), "placed": np.bool_(True)}

    found = Header.from_attributes(values)

    assert type(found.patch_size) is int
    assert found.placed is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patch_size", "eight"),
        ("patch_size", 8.5),
        ("slide_id", 3),
        ("sampling", "[1]"),
        ("part", True),
    ],
)
def test_an_attribute_of_another_type_is_named(name, value):
    with pytest.raises(ValueError, match=name):
        Header.from_attributes({**header().attributes(), name: value})


def test_a_missing_attribute_is_named():
    values = header().attributes()
    del values["reader"]

    with pytest.raises(KeyError, match="reader"):
        Header.from_attributes(values)


def test_a_part_says_so_in_its_name():
    assert header(slide_id="a").file_name == "a.h5"
    assert header(slide_id="a", part=1, parts=3).file_name == "a.part-1-of-3.h5"


def test_overlap_is_what_neighbours_share():
    overlapping = header(sampling={"method": "dense", "stride": 4}).coords_attributes("s")

    assert overlapping["overlap"] == 12
    assert header(sampling={"method": "random"}).coords_attributes("s")["overlap"] == 0


def test_codes_of_reasons_never_change():
    assert REASONS == {
        "background": 1,
        "low_tissue": 2,
        "white": 3,
        "black": 4,
        "pen": 5,
        "boundary": 6,
        "unreadable": 7,
        "excluded": 8,
    }
