from __future__ import annotations

from pathlib import Path

import pytest

from common.annotations.xml_values import number, parse
from common.errors import SlideError

SOURCE = Path("slide.xml")


@pytest.mark.parametrize(
    "entity", ['<!ENTITY a "aaaa">', '<!ENTITY a SYSTEM "file:///etc/passwd">']
)
def test_entities_are_refused(entity):
    data = f"<!DOCTYPE x [{entity}]><ASAP_Annotations>&a;</ASAP_Annotations>".encode()

    with pytest.raises(SlideError, match="XML: expected no entities"):
        parse(data, SOURCE)


@pytest.mark.parametrize(
    "data", [b"", b"<a", b"\xff\xfe", b"<?xml version='1.0' encoding='utf-99'?><a/>"]
)
def test_what_is_no_xml_is_refused(data):
    with pytest.raises(SlideError, match=r"slide.xml: XML: expected a well-formed document"):
        parse(data, SOURCE)


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), ("1,5", 1.5), ("-2e1", -20)])
def test_a_number_may_have_a_decimal_comma(text, value):
    assert number(parse(f'<a X="{text}"/>'.encode(), SOURCE), "X", SOURCE, "a") == value


@pytest.mark.parametrize("text", ["", "ten", "nan", "inf", "1,000.5"])
def test_what_is_no_number_is_refused_by_name(text):
    with pytest.raises(SlideError, match=r"slide.xml: region 2: X: expected a number, found"):
        number(parse(f'<a X="{text}"/>'.encode(), SOURCE), "X", SOURCE, "region 2")
