from __future__ import annotations

from itertools import permutations

import pytest
import shapely

from common.annotations.groups import MEANINGS, Meaning, compose, meaning
from common.annotations.shapes import Shape, polygonal


def square(name, x, edge=10):
    return Shape((name,), polygonal(shapely.box(x, 0, x + edge, edge)))


def dot(name):
    return Shape((name,), shapely.MultiPolygon())


@pytest.mark.parametrize("name", ["_0", "_1", "Tumor", "tumour", "Metastases", " METASTASES "])
def test_the_names_of_camelyon_and_qupath_mean_tumour(name):
    assert compose([square(name, 0)]).tumor.area == 100


@pytest.mark.parametrize("name", ["_2", "Exclusion", "None", "normal", "Ignore*"])
def test_what_is_excluded_is_cut_out_whichever_was_drawn_first(name):
    shapes = [square("Tumor", 0), square(name, 5), square("_1", 8)]

    areas = {compose(order).tumor.area for order in permutations(shapes)}

    assert areas == {80}


@pytest.mark.parametrize("name", ["Stroma", "benign", "Immune cells"])
def test_tissue_that_is_not_tumour_takes_nothing_away(name):
    annotations = compose([square("Tumor", 0), square(name, 5)])

    assert annotations.tumor.area == 100
    assert annotations.unplaced == {}


def test_overlapping_tumour_counts_once():
    assert compose([square("Tumor", 0), square("Tumor", 5)]).tumor.area == 150


def test_the_nearest_name_that_means_something_decides():
    assert meaning(["lesion 4", "normal", "Tumor"]) is Meaning.CUT_OUT
    assert meaning(["lesion 4"]) is Meaning.UNKNOWN


def test_objects_are_counted_and_those_that_say_nothing_named():
    annotations = compose(
        [square("Tumor", 0), square("Tumor", 20), dot("Tumor"), square("cell", 0), dot("cell")]
    )

    assert annotations.groups == {"Tumor": 3, "cell": 2}
    assert annotations.unplaced == {"Tumor": 1, "cell": 2}
    assert not annotations.is_silent


def test_no_group_says_nothing_in_a_file_without_tumour():
    assert compose([square("None", 0)]).is_silent
    assert compose([square("None", 0), square("Tumor", 0, 20)]).unplaced == {}


def test_excluded_areas_alone_say_that_there_is_no_tumour():
    annotations = compose([square("normal", 0)])

    assert annotations.tumor.is_empty
    assert not annotations.is_silent


def test_no_objects_is_no_tumour():
    annotations = compose([])

    assert annotations.tumor.is_empty
    assert annotations.groups == {}


def test_names_are_kept_in_lower_case():
    assert all(name == name.strip().lower() for name in MEANINGS)


@pytest.mark.parametrize("name", ["Uncertain", "unsure", "Uncertain: model"])
def test_what_is_uncertain_says_nothing_and_is_kept_apart(name):
    shape = Shape((name, name.partition(":")[0]), polygonal(shapely.box(5, 0, 15, 10)))

    alone, beside = compose([shape]), compose([square("Tumor", 0), shape])

    assert alone.is_silent
    assert beside.tumor.area == 100
    assert beside.uncertain.area == 100
    assert beside.unplaced == {name: 1}
