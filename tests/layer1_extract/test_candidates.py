from __future__ import annotations

import numpy as np
import pytest
import shapely

from common.annotations import Annotations
from common.cohort import read_cohort
from common.config import load
from common.patch_file.schema import REASONS
from common.tissue import TissueMask
from common.truth import Truth
from layer1_extract.candidates import screening
from layer1_extract.config import ExtractSettings
from layer1_extract.sampling.dense import dense_grid
from layer1_extract.survey import survey


class RightHalf:
    """Tumour right of x = 150."""

    def fraction(self, xy, edge):
        return np.clip((xy[:, 0] + edge - 150) / edge, 0, 1).astype(np.float32)


def screened(truth):
    tissue = np.zeros((10, 30), bool)
    tissue[:, 10:] = True
    screen = screening(TissueMask(tissue, 300, 100), truth, 20, ExtractSettings(), mpp=0.5)
    corners = [(0, 0), (82, 0), (100, 0), (140, 0), (145, 0), (200, 0)]
    return screen(np.array(corners, np.int64))


def test_mask_and_annotation_settle_what_they_can():
    found = screened(Truth(regions=RightHalf()))

    names = {code: name for name, code in REASONS.items()}
    assert [names.get(code, "") for code in found.reasons] == [
        "background",
        "low_tissue",
        "",
        "",
        "boundary" if found.tumor_fraction[4] < 0.5 else "",
        "",
    ]
    assert found.labels[[2, 3, 5]].tolist() == [0, 1, 1]


def test_what_has_no_tissue_is_not_asked_for_tumour():
    found = screened(Truth(regions=RightHalf()))

    assert np.isnan(found.tumor_fraction[:2]).all()
    assert found.tissue_fraction[:3].tolist() == [0, np.float32(0.1), 1]


@pytest.mark.parametrize(("most", "rejected"), [(0.0, [1, 1, 0]), (0.2, [1, 0, 0]), (1.0, [0] * 3)])
def test_a_patch_under_too_much_pen_is_rejected_for_it_on_tissue_or_glass(most, rejected):
    tissue, pen = np.zeros((10, 30), bool), np.zeros((10, 30), bool)
    tissue[:, 10:], pen[:, :10] = True, True
    settings = load(ExtractSettings, None, [f"tissue.max_pen_fraction={most}"])
    screen = screening(TissueMask(tissue, 300, 100, pen), Truth(), 20, settings, mpp=0.5)

    found = screen(np.array([(50, 0), (98, 0), (100, 0)], np.int64))

    assert (found.reasons == REASONS["pen"]).tolist() == [bool(one) for one in rejected]
    assert found.tissue_fraction.tolist() == [0, np.float32(0.9), 1]


def test_an_unknown_slide_gives_candidates_of_unknown_label():
    found = screened(Truth())

    assert found.labels[2:].tolist() == [-1] * 4
    assert (found.reasons[2:] == 0).all()


def test_every_candidate_of_an_excluded_slide_is_rejected_for_that():
    found = screened(Truth(excluded="a duplicate"))

    assert set(found.reasons.tolist()) == {REASONS["excluded"]}


def test_rows_are_taken_and_joined_whole():
    found = screened(Truth())

    joined = found.take(np.array([3, 2])).joined([found.take(np.array([5]))])

    assert joined.xy.tolist() == [[140, 0], [100, 0], [200, 0]]
    assert joined.strata.tolist() == [-1, -1, -1]
    assert len(joined) == 3
    assert joined.because(np.full(3, 3, np.uint8)).reasons.tolist() == [3, 3, 3]


@pytest.mark.parametrize(("strata", "tumor"), [("class", [1, 1]), ("region", [1, 2])])
def test_a_tumour_patch_counts_for_its_class_or_its_region(strata, tumor):
    areas = [shapely.box(0, 0, 40, 40), shapely.box(100, 0, 140, 40)]
    truth = Truth(True, Annotations(shapely.MultiPolygon(areas), {}, {}))
    mask = TissueMask(np.ones((10, 30), bool), 300, 100)
    settings = load(ExtractSettings, None, [f"sampling.strata={strata}"])

    found = screening(mask, truth, 20, settings, mpp=0.5)(
        np.array([(0, 0), (110, 10), (200, 50), (90, 15)], np.int64)
    )

    assert found.strata.dtype == np.int32
    assert found.strata[:3].tolist() == [*tumor, 0]
    assert found.labels.tolist() == [1, 1, 0, 1]


def test_a_slide_annotated_as_free_of_tumour_has_no_region():
    truth = Truth(False, Annotations(shapely.MultiPolygon([]), {}, {}))
    mask = TissueMask(np.ones((10, 30), bool), 300, 100)
    settings = load(ExtractSettings, None, ["sampling.strata=region"])

    found = screening(mask, truth, 20, settings, mpp=0.5)(np.array([(0, 0)], np.int64))

    assert (found.labels.tolist(), found.strata.tolist()) == ([0], [0])


@pytest.mark.real_data
@pytest.mark.parametrize("least", [0.6, 0.4])
def test_overlap_with_the_mosaic_is_what_its_cells_say(shared_data, mosaic_truth, least):
    """Half a cell at a step, a patch covers 1, 2 or 4 cells: 0, 25, 50, 75 or 100 % tumour."""
    rule = [f"labels.tumor_min={least}", "labels.normal_max=0.1"]  # outlines stray by a few pixels
    settings = load(
        ExtractSettings, None, ["patch.size=96", "patch.mpp=native", "tissue.min_fraction=1", *rule]
    )
    counts = []
    for entry in read_cohort(shared_data / "mosaic"):
        known = survey(entry, settings)
        xy = dense_grid(known.slide.pyramid, known.spec, 48).corners()
        found = screening(
            known.mask, known.truth, known.edge, settings, mpp=known.slide.pyramid.mpp
        )(xy)
        asked = ~np.isnan(found.tumor_fraction)

        halves = np.kron(mosaic_truth(entry.slide_id)["tumor"], np.ones((2, 2)))
        column, row = (xy // 48).T
        share = sum(halves[row + down, column + right] for down in (0, 1) for right in (0, 1)) / 4

        assert np.array_equal(found.labels[asked] == 1, share[asked] >= least)
        assert (found.labels[asked & (share == 0)] == 0).all()
        between = asked & (share > 0) & (share < least)
        assert (found.reasons[between] == REASONS["boundary"]).all()
        counts.append(int((found.labels == 1).sum()))
    assert sum(count > 100 for count in counts) == 5
