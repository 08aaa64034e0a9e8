from __future__ import annotations

import pytest
from tiff_slides import tissue_on_glass, write_cohort_folder, write_slide

from common.cohort import SlideEntry, read_cohort
from common.config import load
from common.errors import SlideError
from common.units import units_of
from layer1_extract.config import ExtractSettings
from layer1_extract.needs import need_of
from layer1_extract.pipeline import extract
from layer1_extract.resume import Run

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]


def settings(*overrides):
    return load(ExtractSettings, None, [*SMALL, *overrides])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return read_cohort(write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c"))


@pytest.mark.parametrize("overrides", [["sampling.method=dense"], ["sampling.per_class=20"]])
def test_what_is_expected_is_what_comes(cohort, tmp_path, overrides):
    chosen = settings(*overrides)
    outcomes, _ = extract(units_of(cohort), Run(tmp_path, chosen))

    for entry, outcome in zip(cohort, outcomes, strict=True):
        counts = outcome.counts
        by_pixels = sum(counts[name] for name in ("white", "black", "unreadable"))
        need = need_of(entry, chosen, None)
        if overrides == ["sampling.method=dense"]:
            assert need.patches == counts["kept"] + by_pixels
            assert need.candidates == counts["kept"] + counts["rejected"]
        else:
            assert need.patches == counts["kept"]


def test_no_more_is_looked_at_than_fills_the_quota(cohort):
    few, many = (
        need_of(cohort[1], settings(f"sampling.per_class={number}"), None)
        for number in (5, 1_000_000)
    )

    assert few.patches == 5
    assert many.patches < 1_000_000


@pytest.mark.parametrize(("mpp", "source"), [(0.5, 32**2), (0.8, 51**2), (1.0, 32**2)])
def test_what_is_read_is_of_the_next_finer_level(tmp_path, mpp, source):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("s", path)

    need = need_of(entry, settings(f"patch.mpp={mpp}"), None)

    assert need.source_mpx == pytest.approx(source / 1e6)


def test_a_slide_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(SlideError):
        need_of(SlideEntry("s", tmp_path / "s.tif"), settings(), None)
