from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from common.annotations import read_annotations
from common.errors import ContractError
from common.grid import Grid
from layer3_infer.asap import check_asap, read_source, write_asap
from layer3_infer.drawn import UNCERTAIN, Drawn, Source, drawn_regions
from layer3_infer.heatmap import Heatmap
from layer3_infer.regions import find_regions

SOURCE = Source('a "<&>', "f" * 64, "m" * 64, 0.5)
RING_WITH_ISLAND = np.pad(np.pad(np.ones((1, 1)), 1), 1, constant_values=1)


def areas(values, stride=10):
    values = np.asarray(values, np.float32)
    grid = Grid((3, 5), stride, stride, *values.shape)
    return drawn_regions(find_regions(Heatmap(grid, values), 0.5, 0.5))


def union(drawn):
    return shapely.union_all([one.polygon for one in drawn])


@pytest.fixture
def written(tmp_path):
    write_asap(tmp_path / "a.xml", areas(RING_WITH_ISLAND), SOURCE)
    return tmp_path / "a.xml"


@given(covered=hnp.arrays(np.bool_, (6, 7)))
def test_tumour_less_exclusions_is_what_was_drawn(tmp_path_factory, covered):
    path = tmp_path_factory.mktemp("asap") / "a.xml"
    drawn = areas(covered)

    write_asap(path, drawn, SOURCE)

    assert read_annotations(path).tumor.equals(union(drawn))


@given(
    inside=hnp.arrays(np.bool_, (7, 7)),
    stride=st.sampled_from([1, 10, 128, 448, 512]),
)
def test_islands_in_a_hole_stay_and_all_around_them_is_cut_out(tmp_path_factory, inside, stride):
    path = tmp_path_factory.mktemp("asap") / "a.xml"
    ring = np.pad(np.pad(inside, 1), 1, constant_values=True)
    drawn = areas(ring, stride)

    write_asap(path, drawn, SOURCE)

    check_asap(path, drawn, SOURCE)
    found = read_annotations(path).tumor
    assert found.equals(union(drawn))
    assert found.area == ring.sum() * stride**2


@pytest.mark.parametrize("stride", [10, 128, 448, 512])
def test_a_hole_may_be_cut_where_an_island_has_its_edge(tmp_path, stride):
    values = np.pad(np.zeros((6, 6)), 1, constant_values=1)
    values[1, 1:4] = values[3, 3:5] = 1
    drawn = areas(values, stride)

    write_asap(tmp_path / "a.xml", drawn, SOURCE)

    assert read_annotations(tmp_path / "a.xml").tumor.equals(union(drawn))


def test_an_island_in_a_hole_stays(written):
    found = read_annotations(written)

    assert found.tumor.equals(union(areas(RING_WITH_ISLAND)))
    assert found.tumor.covers(shapely.box(23, 25, 33, 35))
    assert found.groups["Tumor"] == 2
    assert found.groups["Exclusion"] >= 2
    assert found.unplaced == {}


def test_a_hole_is_cut_out_under_another_group_too(tmp_path):
    ring = areas(np.pad(np.zeros((1, 1)), 1, constant_values=1))
    unsure = Drawn("Uncertain 1", UNCERTAIN, shapely.box(14, 16, 18, 20))

    write_asap(tmp_path / "a.xml", [*ring, unsure], SOURCE)

    assert read_annotations(tmp_path / "a.xml").tumor.equals(union(ring))


def test_a_group_that_says_nothing_keeps_saying_nothing(tmp_path):
    unsure = Drawn("Uncertain 1", UNCERTAIN, shapely.box(0, 0, 10, 10))

    write_asap(tmp_path / "a.xml", [unsure], SOURCE)

    assert read_annotations(tmp_path / "a.xml").is_silent


def test_the_same_areas_give_the_same_bytes(written, tmp_path):
    write_asap(tmp_path / "b.xml", areas(RING_WITH_ISLAND), SOURCE)

    assert (tmp_path / "b.xml").read_bytes() == written.read_bytes()


def test_the_file_says_what_it_was_drawn_from(written):
    assert read_source(written) == SOURCE


@pytest.mark.parametrize("values", [RING_WITH_ISLAND, np.zeros((2, 2)), np.ones((2, 2))])
def test_a_whole_file_of_its_areas_passes(tmp_path, values):
    write_asap(tmp_path / "a.xml", areas(values), SOURCE)

    check_asap(tmp_path / "a.xml", areas(values), SOURCE)


@pytest.mark.parametrize(
    ("wanted", "source", "item"),
    [
        (RING_WITH_ISLAND, replace(SOURCE, threshold=0.25), "threshold: expected 0.25"),
        (RING_WITH_ISLAND, replace(SOURCE, slide_id="b"), "slide_id"),
        (np.ones((5, 5)), SOURCE, "Annotations: expected 1"),
        (RING_WITH_ISLAND[:, ::-1].repeat(2, axis=1), SOURCE, "Annotation 1"),
    ],
    ids=["threshold", "slide", "number", "outline"],
)
def test_areas_of_another_heatmap_are_refused_by_what_differs(written, wanted, source, item):
    with pytest.raises(ContractError, match=item):
        check_asap(written, areas(wanted), source)


@pytest.mark.parametrize("text", ["<ASAP_Annotations><Annot", "<other/>", "<ASAP_Annotations/>"])
def test_what_is_cut_off_or_not_ours_is_refused(tmp_path, text):
    (tmp_path / "a.xml").write_text(text)

    with pytest.raises(ContractError, match=r"a\.xml"):
        read_source(tmp_path / "a.xml")
