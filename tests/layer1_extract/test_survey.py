from __future__ import annotations

import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.errors import SlideError
from common.patches import PatchSpec
from layer1_extract.config import ExtractSettings, PatchSettings
from layer1_extract.survey import survey


@pytest.fixture
def entry(tmp_path):
    return SlideEntry("s", write_slide(tmp_path / "s.tif", tissue_on_glass(), mpp=0.5))


def settings(mpp):
    return ExtractSettings(patch=PatchSettings(size=32, mpp=mpp))


def test_native_takes_the_slides_own_scale(entry):
    assert survey(entry, settings("native")).spec.mpp == pytest.approx(0.5)


def test_a_scale_within_two_percent_is_the_slides_own(entry):
    known = survey(entry, settings(0.505))

    assert known.spec.mpp == pytest.approx(0.5)
    assert known.edge == 32


def test_a_coarser_scale_is_taken_as_asked(entry):
    known = survey(entry, settings(1.3))

    assert known.spec == PatchSpec(32, 1.3)
    assert known.edge == round(32 * 1.3 / 0.5)


def test_a_finer_scale_than_the_slide_holds_is_refused_before_any_work(entry):
    with pytest.raises(SlideError, match=r"patch\.mpp"):
        survey(entry, settings(0.25))
