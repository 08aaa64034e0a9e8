from __future__ import annotations

import uuid

import numpy as np
import shapely
from heatmap_headers import HEADER

from common.annotations.groups import Meaning, meaning
from common.grid import Grid
from layer3_infer.drawn import (
    EXCLUSION,
    TUMOR,
    UNCERTAIN,
    Drawn,
    Source,
    drawn_doubts,
    drawn_regions,
)
from layer3_infer.heatmap import Heatmap
from layer3_infer.regions import find_regions

BOX = shapely.box(0, 0, 20, 10)


def test_the_names_of_groups_mean_what_is_drawn():
    assert meaning([TUMOR.name]) is Meaning.TUMOR
    assert meaning([EXCLUSION.name]) is Meaning.CUT_OUT
    assert meaning([UNCERTAIN.name]) is Meaning.UNCERTAIN


def test_an_id_follows_from_outline_group_and_source_alone():
    first = Drawn("Region 1", TUMOR, BOX)
    turned = shapely.Polygon([*BOX.exterior.coords[2:], *BOX.exterior.coords[1:3]])

    assert first.id_in("s") == Drawn("Region 7", TUMOR, turned).id_in("s")
    others = [first.id_in("t"), Drawn("Region 1", UNCERTAIN, BOX).id_in("s")]
    others += [Drawn("Region 1", TUMOR, shapely.box(0, 0, 20, 11)).id_in("s")]
    assert len({first.id_in("s"), *others}) == 4
    assert str(uuid.UUID(first.id_in("s"))) == first.id_in("s")


def test_regions_bring_their_measurements():
    values = np.array([[0.75, 0.25, 0.5]], np.float32)
    regions = find_regions(Heatmap(Grid((0, 0), 10, 10, 1, 3), values), 0.5, 0.5)

    first, second = drawn_regions(regions)

    assert (first.name, second.name) == ("Region 1", "Region 2")
    assert first.group == TUMOR
    assert dict(first.measurements) == {
        "Area um2": 25.0,
        "P(tumor) mean": 0.75,
        "P(tumor) max": 0.75,
        "Patches": 1,
    }


def test_a_source_names_slide_model_and_threshold():
    source = Source.of(HEADER, 0.25)

    assert source == Source(HEADER.slide_id, HEADER.slide_fingerprint, HEADER.model_sha256, 0.25)


def test_patches_of_doubt_are_squares_with_their_probability():
    (doubt,) = drawn_doubts(np.array([[30, 40]]), 10, np.array([0.25], np.float32))

    assert doubt.group == UNCERTAIN
    assert doubt.polygon.equals(shapely.box(30, 40, 40, 50))
    assert dict(doubt.measurements) == {"P(tumor)": 0.25}
