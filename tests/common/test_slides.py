from __future__ import annotations

import inspect

import numpy as np
import pytest
from fakes import FakeSlide, painted
from tiff_variants import Variant, write_variant

from common.geometry import Pyramid
from common.one_by_one import OneByOne
from common.openslide_slide import OpenSlideSlide
from common.patches import PatchSpec
from common.slides import Reading, Slide
from common.tiff_slide import TiffSlide
from common.tile_reading import TileReading

SLIDES = (OpenSlideSlide, TiffSlide, FakeSlide)
READINGS = (OneByOne, TileReading)


def members(protocol):
    return {name for name in vars(protocol) if not name.startswith("_")}


def methods(protocol):
    return [name for name in sorted(members(protocol)) if inspect.isfunction(vars(protocol)[name])]


@pytest.fixture(params=SLIDES, ids=lambda reader: reader.__name__)
def slide(request, tmp_path):
    if request.param is FakeSlide:
        return FakeSlide(Pyramid(((300, 200),), 0.5), painted({}))
    path = write_variant(tmp_path / "s.tif", Variant(width=300, height=200))
    own = OpenSlideSlide(path, "s")
    return own if request.param is OpenSlideSlide else TiffSlide(own, required=True)


def test_the_protocols_name_what_the_rest_of_the_project_uses():
    assert members(Slide) >= {"read", "reading", "thumbnail", "pyramid", "fingerprint", "spec_for"}
    assert members(Reading) == {"reader", "read"}


def test_every_slide_has_every_member(slide):
    for name in members(Slide):
        assert hasattr(slide, name), name


@pytest.mark.parametrize("reader", SLIDES)
def test_every_slide_takes_the_arguments_the_protocol_names(reader):
    for name in methods(Slide):
        asked = inspect.signature(getattr(Slide, name)).parameters
        assert list(asked) == list(inspect.signature(getattr(reader, name)).parameters), name


@pytest.mark.parametrize("reading", READINGS)
def test_every_reading_takes_the_arguments_the_protocol_names(reading):
    for name in methods(Reading):
        asked = inspect.signature(getattr(Reading, name)).parameters
        assert list(asked) == list(inspect.signature(getattr(reading, name)).parameters), name


def test_a_reading_says_how_many_patches_it_has_and_who_decodes_them(slide):
    reading = slide.reading(
        np.array([[0, 0], [64, 0], [-64, 9]], dtype=np.int64), PatchSpec(8, 0.5)
    )

    assert len(reading) == 3
    assert any(letter.isdigit() for letter in reading.reader)


def test_a_reading_gives_patches_and_whether_each_decoded(slide):
    reading = slide.reading(
        np.array([[0, 0], [64, 0], [-64, 9]], dtype=np.int64), PatchSpec(8, 0.5)
    )

    patches, readable = reading.read(1, 3)

    assert (patches.shape, patches.dtype) == ((2, 8, 8, 3), np.uint8)
    assert (readable.shape, readable.dtype) == ((2,), np.bool_)
    assert readable.all()
    assert (patches[1] == 255).all()


def test_a_reading_of_no_place_is_empty_and_still_names_its_reader(slide):
    reading = slide.reading(np.empty((0, 2), dtype=np.int64), PatchSpec(8, 0.5))

    patches, readable = reading.read(0, 0)

    assert len(reading) == 0
    assert reading.reader
    assert (patches.shape, readable.shape) == ((0, 8, 8, 3), (0,))


def test_one_patch_is_the_same_read_alone_and_among_many(slide):
    xy = np.array([[0, 0], [37, 91], [250, 180], [-5, -7], [9_000, 9]], dtype=np.int64)
    for spec in (PatchSpec(40, 0.5), PatchSpec(24, 0.8), PatchSpec(16, 2.0)):
        patches, _ = slide.reading(xy, spec).read(0, len(xy))
        for patch, (x, y) in zip(patches, xy.tolist(), strict=True):
            assert np.array_equal(patch, slide.read(x, y, spec))
