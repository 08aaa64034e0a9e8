from __future__ import annotations

import numpy as np

from common.patch_file.schema import REASONS
from common.tissue import TissueMask
from common.truth import Truth
from layer1_extract.candidates import screening
from layer1_extract.config import ExtractSettings


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


def test_an_unknown_slide_gives_candidates_of_unknown_label():
    found = screened(Truth())

    assert found.labels[2:].tolist() == [-1] * 4
    assert (found.reasons[2:] == 0).all()


def test_rows_are_taken_and_joined_whole():
    found = screened(Truth())

    joined = found.take(np.array([3, 2])).joined([found.take(np.array([5]))])

    assert joined.xy.tolist() == [[140, 0], [100, 0], [200, 0]]
    assert len(joined) == 3
    assert joined.because(np.full(3, 3, np.uint8)).reasons.tolist() == [3, 3, 3]
