from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from common.annotations.groups import compose
from common.annotations.imagescope import read_shapes
from common.annotations.xml_values import parse
from common.errors import SlideError

SOURCE = Path("slide.xml")
SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
HOLE = [(2, 2), (4, 2), (4, 4), (2, 4)]


def region(points=SQUARE, kind=0, text="", negative=0):
    vertices = "".join(f'<Vertex X="{x}" Y="{y}"/>' for x, y in points)
    return (
        f'<Region Id="7" Type="{kind}" Text="{text}" NegativeROA="{negative}"><Attributes/>'
        f"<Vertices>{vertices}</Vertices></Region>"
    )


def layer(*regions, name="Tumor", attributes="", at=1):
    inside = f"<Attributes>{attributes}</Attributes><Regions>{''.join(regions)}</Regions>"
    return f'<Annotation Id="{at}" Name="{name}" Type="4">{inside}</Annotation>'


def shapes(*layers):
    return read_shapes(parse(f"<Annotations>{''.join(layers)}</Annotations>".encode(), SOURCE), "s")


def annotations(*layers):
    return compose(shapes(*layers))


def test_a_region_of_a_layer_encloses_an_area():
    (shape,) = shapes(layer(region()))

    assert shape.names[0] == "Tumor"
    assert shape.area.equals(shapely.box(0, 0, 10, 10))


@pytest.mark.parametrize("kind", [3, 4, 5])
def test_arrows_rulers_and_counters_enclose_nothing(kind):
    (shape,) = shapes(layer(region([(1, 1), (5, 5)], kind)))

    assert shape.area.is_empty


@pytest.mark.parametrize("corners", [SQUARE, [(0, 0), (10, 10)]])
def test_an_ellipse_is_drawn_within_the_corners_stored_for_it(corners):
    (shape,) = shapes(layer(region(corners, kind=2)))

    assert shape.area.area == pytest.approx(np.pi * 25, rel=1e-3)
    assert shape.area.bounds == (0, 0, 10, 10)


@pytest.mark.parametrize(
    ("name", "attributes", "first"),
    [
        ("Tumor", '<Attribute Name="Description" Value="other"/>', "Tumor"),
        ("", '<Attribute Name="Description" Value="metastases"/>', "metastases"),
        ("", '<Attribute Name="CaP" Value=""/>', "CaP"),
        ("", '<Attribute Name="Description" Value=""/>', "layer 4"),
        ("  ", "", "layer 4"),
    ],
)
def test_a_layer_is_named_by_its_name_else_by_its_attributes(name, attributes, first):
    (shape,) = shapes(layer(region(), name=name, attributes=attributes, at=4))

    assert shape.names[0] == first


def test_a_known_text_of_a_region_counts_before_its_layer_and_another_after_it():
    necrosis, nest = shapes(layer(region(text="Necrosis"), region(text="nest 1")))

    assert necrosis.names == ("Necrosis", "Tumor", "Necrosis")
    assert nest.names == ("Tumor", "nest 1")


def test_a_layer_whose_name_says_nothing_is_unplaced():
    said = annotations(layer(region(), name="my drawings"))

    assert said.unplaced == {"my drawings": 1}
    assert said.is_silent


def test_a_negative_region_is_cut_out_of_tumour():
    said = annotations(layer(region(), region(HOLE, negative=1)))

    assert said.tumor.area == 96
    assert said.groups == {"Tumor": 1, "Exclusion": 1}
    assert said.unplaced == {}


def test_a_negative_region_of_another_layer_cuts_nothing_out_of_tumour():
    said = annotations(layer(region()), layer(region(HOLE, negative=1), name="Stroma"))

    assert said.tumor.area == 100
    assert said.unplaced == {"Stroma": 1}


def test_a_layer_may_be_empty():
    assert shapes(layer()) == []


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (region(SQUARE[:2]), "layer 'Tumor': region 7: expected an outline of 3 points or more"),
        (region([("a", 0), *SQUARE]), "region 7: X: expected a number, found 'a'"),
        (region(kind=9), "region 7: Type: expected a number from 0 to 5, found '9'"),
        (region([(0, 1e9), *SQUARE]), "region 7: expected level-0 pixels within"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(drawn, said):
    with pytest.raises(SlideError, match=said):
        shapes(layer(drawn))
