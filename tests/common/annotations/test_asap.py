from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from common.annotations import asap
from common.annotations.xml_values import parse
from common.errors import SlideError

SOURCE = Path("slide.xml")
SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]


def coordinate(order, x, y):
    return f'<Coordinate Order="{order}" X="{x}" Y="{y}"/>'


def annotation(points=SQUARE, kind="Polygon", group="Tumor", name="lesion 1"):
    inside = "".join(coordinate(order, *point) for order, point in enumerate(points))
    return (
        f'<Annotation Name="{name}" Type="{kind}" PartOfGroup="{group}">'
        f"<Coordinates>{inside}</Coordinates></Annotation>"
    )


def read_shapes(data, source):
    return asap.read_shapes(parse(data, source), source)


def shapes(*annotations, groups=""):
    return read_shapes(document(*annotations, groups=groups), SOURCE)


def document(*annotations, groups=""):
    return (
        f"<?xml version='1.0'?><ASAP_Annotations><Annotations>{''.join(annotations)}"
        f"</Annotations><AnnotationGroups>{groups}</AnnotationGroups></ASAP_Annotations>"
    ).encode()


@pytest.mark.parametrize("kind", ["Polygon", "Spline", "Rectangle", "polygon"])
def test_an_outline_encloses_an_area(kind):
    (shape,) = shapes(annotation(kind=kind))

    assert shape.names == ("Tumor",)
    assert shape.area.equals(shapely.box(0, 0, 10, 10))


@pytest.mark.parametrize("kind", ["Dot", "PointSet", "Measurement"])
def test_points_and_measurements_enclose_none(kind):
    (shape,) = shapes(annotation([(3, 4)], kind))

    assert shape.area.is_empty


def test_corners_are_taken_in_the_order_they_are_numbered():
    shuffled = "".join(coordinate(order, *SQUARE[order]) for order in (2, 0, 3, 1))
    element = annotation().replace(
        "".join(coordinate(at, *point) for at, point in enumerate(SQUARE)), shuffled
    )

    (shape,) = shapes(element)

    assert shape.area.area == 100


def test_more_than_ten_corners_are_ordered_as_numbers():
    points = [(at, 0) for at in range(12)] + [(11, 5), (0, 5)]

    (shape,) = shapes(annotation(points))

    assert shape.area.area == 55


def test_unnumbered_corners_are_taken_as_they_stand():
    element = annotation()
    for order in range(len(SQUARE)):
        element = element.replace(f'Order="{order}" ', "")

    (shape,) = shapes(element)

    assert shape.area.area == 100


def test_a_number_may_have_a_decimal_comma():
    (shape,) = shapes(annotation([("0,5", 0), ("10,5", 0), ("10,5", "2e0"), ("0,5", 2)]))

    assert shape.area.bounds == (0.5, 0, 10.5, 2)


def test_a_group_may_be_part_of_another():
    groups = (
        '<Group Name="lesion" PartOfGroup="all"/><Group Name="all" PartOfGroup="Tumor"/>'
        '<Group Name="Tumor" PartOfGroup="None"/>'
    )

    (shape,) = shapes(annotation(group="lesion"), groups=groups)

    assert shape.names == ("lesion", "all", "Tumor")


def test_groups_that_are_part_of_each_other_end():
    groups = '<Group Name="a" PartOfGroup="b"/><Group Name="b" PartOfGroup="a"/>'

    (shape,) = shapes(annotation(group="a"), groups=groups)

    assert shape.names == ("a", "b")


def test_a_file_may_hold_no_annotation():
    assert shapes() == []


@pytest.mark.parametrize(
    ("element", "said"),
    [
        (annotation(SQUARE[:2]), r"annotation 'lesion 1': .* 3 points or more, found 2"),
        (annotation([]), "found 0"),
        (annotation(kind="Blob"), "annotation 'lesion 1': Type: expected one of .*found 'Blob'"),
        (annotation([("ten", 0), *SQUARE]), "lesion 1': X: expected a number, found 'ten'"),
        (annotation([(0, "nan"), *SQUARE]), "lesion 1': Y: expected a number, found 'nan'"),
        (annotation([(0, "inf"), *SQUARE]), "found 'inf'"),
        (annotation([("1,234.5", 0), *SQUARE]), "found '1,234.5'"),
        (annotation().replace('Order="3"', 'Order="2"'), "Order: expected each number once"),
        (annotation().replace('Order="3"', 'Order="last"'), "Order: .* found 'last'"),
        (annotation().replace('X="0"', ""), "X: expected a number, found ''"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(element, said):
    with pytest.raises(SlideError, match=rf"^slide.xml: .*{said}"):
        shapes(element)


def test_another_programs_xml_is_refused_with_the_formats_that_are_read():
    with pytest.raises(SlideError, match=r"expected ASAP_Annotations.* found 'html'.*QuPath Geo"):
        read_shapes(b"<html/>", SOURCE)
