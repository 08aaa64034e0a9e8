from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiff_slides import tissue_on_glass, write_slide
from tiff_variants import Variant, encoded, write_variant

from common.cohort import SlideEntry
from common.errors import SlideError
from common.one_by_one import OneByOne
from common.patches import PatchSpec
from common.slide_reader import slide_of
from common.tile_reading import TileReading

XY = np.array([[0, 0], [60, 60], [150, 100], [-30, -30]], dtype=np.int64)
SMALL = tuple(
    encoded(
        Variant(
            width=200,
            height=150,
            tile=(64, 64),
            levels=((100, 75),),
            big=big,
            shared_tables=big,
            description=description,
        )
    )
    for big in (True, False)
    for description in ("", "Aperio Image Library v1\nx|MPP = 0.5")
)


@pytest.fixture
def tiled(tmp_path):
    return SlideEntry("s", write_variant(tmp_path / "s.tif", Variant()))


@pytest.fixture
def lossless(tmp_path):
    return SlideEntry("s", write_slide(tmp_path / "l.tif", tissue_on_glass()))


def test_auto_takes_the_tiles_where_it_can_and_openslide_elsewhere(tiled, lossless):
    spec = PatchSpec(8, 0.5)

    assert isinstance(slide_of(tiled).reading(XY, spec), TileReading)
    assert isinstance(slide_of(lossless).reading(XY, spec), OneByOne)


def test_openslide_is_taken_where_it_is_asked_for(tiled):
    reading = slide_of(tiled, "openslide").reading(XY, PatchSpec(8, 0.5))

    assert isinstance(reading, OneByOne)
    assert reading.reader.startswith("openslide ")


def test_tiff_refuses_what_it_cannot_read(tiled, lossless):
    assert isinstance(slide_of(tiled, "tiff").reading(XY, PatchSpec(8, 0.5)), TileReading)
    with pytest.raises(SlideError, match=r"l\.tif: level 0: .*compression NONE.*slide.reader"):
        slide_of(lossless, "tiff").reading(XY, PatchSpec(8, 0.5))


def test_every_reader_gives_the_same_pixels_and_the_same_fingerprint(tiled):
    slides = [slide_of(tiled, reader) for reader in ("auto", "openslide", "tiff")]

    patches = [slide.reading(XY, PatchSpec(60, 0.8)).read(0, 4)[0] for slide in slides]

    assert np.array_equal(patches[0], patches[1])
    assert np.array_equal(patches[0], patches[2])
    assert len({slide.fingerprint for slide in slides}) == 1


def test_the_scale_of_the_cohort_reaches_the_slide(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(mpp=None))

    assert slide_of(SlideEntry("s", path, mpp=0.3)).pyramid.mpp == 0.3
    assert slide_of(SlideEntry("s", path, fallback_mpp=0.4)).pyramid.mpp == 0.4


def outcome(step):
    """What a step gave: pixels, or the message of its refusal."""
    try:
        return step()
    except SlideError as error:
        return str(error)


def outcomes(entry):
    """What each thing that layer 1 does with a slide gives."""
    slide = slide_of(entry)
    opened = outcome(lambda: slide.pyramid)
    if isinstance(opened, str):
        return [opened]
    coarsest = opened.level_mpp(len(opened.sizes) - 1)
    return [
        outcome(lambda: slide.thumbnail(8 * opened.mpp)),
        outcome(lambda: slide.reading(XY, PatchSpec(50, opened.mpp)).read(0, 4)[0]),
        outcome(lambda: slide.reading(XY, PatchSpec(50, 0.8)).read(0, 4)[0]),
        outcome(lambda: slide.reading(XY, PatchSpec(20, coarsest)).read(0, 4)[0]),
        outcome(lambda: slide.read(30, 30, PatchSpec(50, opened.mpp))),
    ]


POSITION = st.one_of(
    st.integers(0, 15), st.integers(-1500, -1), st.integers(0, min(map(len, SMALL)) - 1)
)


@settings(max_examples=120)
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(POSITION, st.integers(0, 255)), max_size=6),
    st.none() | st.integers(0, max(map(len, SMALL))),
)
@example(SMALL[3], [], 0)
def test_a_slide_of_any_bytes_gives_pixels_or_a_slide_error(tmp_path_factory, data, edits, end):
    changed = bytearray(data)
    for position, value in edits:
        changed[position] = value
    path = tmp_path_factory.mktemp("any") / "s.tif"
    path.write_bytes(changed[:end])

    for found in outcomes(SlideEntry("s", path, fallback_mpp=0.5)):
        assert "s.tif: " in found if isinstance(found, str) else found.dtype == np.uint8


@pytest.mark.parametrize("data", SMALL)
def test_unchanged_the_slide_gives_pixels_throughout(tmp_path, data):
    (tmp_path / "s.tif").write_bytes(data)

    found = outcomes(SlideEntry("s", tmp_path / "s.tif", fallback_mpp=0.5))

    assert [len(pixels.shape) for pixels in found] == [3, 4, 4, 4, 3]
