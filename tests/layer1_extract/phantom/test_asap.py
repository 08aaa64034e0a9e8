from __future__ import annotations

import numpy as np
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layer1_extract.phantom.asap import GROUP, asap_xml

tenths = st.integers(0, 160_000).map(lambda value: value / 10)


@given(lesions=st.lists(arrays(float, (5, 2), elements=tenths), max_size=3))
def test_polygons_come_back_exactly(lesions):
    root = ElementTree.fromstring(asap_xml(tuple(lesions)))

    read = [
        [[float(corner.get(axis)) for axis in "XY"] for corner in region.iter("Coordinate")]
        for region in root.iter("Annotation")
    ]
    assert read == [lesion.tolist() for lesion in lesions]


def test_regions_are_polygons_of_metastases_with_corners_in_order():
    root = ElementTree.fromstring(asap_xml((np.zeros((4, 2)), np.ones((3, 2)))))

    assert [group.get("Name") for group in root.iter("Group")] == [GROUP]
    assert {(a.get("Type"), a.get("PartOfGroup")) for a in root.iter("Annotation")} == {
        ("Polygon", "metastases")
    }
    assert [c.get("Order") for c in root.iter("Coordinate")] == list("0123012")
