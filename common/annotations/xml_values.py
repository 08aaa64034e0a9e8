"""What the XML formats share: a document that cannot reach outside its file, and its numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from common.annotations.shapes import refusal, shown

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element


def parse(data: bytes, source: Path) -> Element:
    """The root element of `data`.

    Raises
    ------
    SlideError
        If it is no well-formed document, or has entities in it.
    """
    try:
        return defusedxml.ElementTree.fromstring(data)
    except DefusedXmlException as error:
        raise refusal(source, "XML", "no entities", shown(str(error)), "Remove them") from error
    except (ParseError, LookupError, ValueError) as error:
        raise refusal(source, "XML", "a well-formed document", shown(str(error))) from error


def number(element: Element, name: str, source: Path, item: str) -> float:
    """The finite number in the attribute `name`, which may have a decimal comma.

    Raises
    ------
    SlideError
        If it is none.
    """
    text = element.get(name, "")
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise refusal(source, f"{item}: {name}", "a number", shown(text))
    return value
