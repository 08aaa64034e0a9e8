from __future__ import annotations

import gc
import io
import multiprocessing
import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from project import ROOT
from tiff_variants import SUBSAMPLING, Variant, claiming, jpeg, write_variant

from common.errors import PixelError, SlideError
from common.openslide_slide import OpenSlideSlide
from common.patches import PatchSpec
from common.tiff_slide import TiffSlide
from common.tile_reading import TileReading

APERIO = "Aperio Image Library v1\nx|MPP = 0.5"
DESCRIPTORS = Path("/proc/self/fd")
HALVES = ((250, 200), (125, 100))
DATA = ROOT.parent / "shared" / "data"
REAL = sorted(
    path
    for folder in ("slides", "mosaic", "malformed")
    for path in (DATA / folder).rglob("*")
    if path.suffix in {".tif", ".tiff", ".svs", ".dcm"}
)


def both(path):
    """The slide read by OpenSlide, and the same by its tiles."""
    own = OpenSlideSlide(path, "s", fallback_mpp=0.5)
    return own, TiffSlide(own)


def places(pyramid, beyond=97):
    """Corners all over the slide, over its edges and outside."""
    across = np.linspace(-beyond, pyramid.width + beyond, 8).astype(np.int64)
    down = np.linspace(-beyond, pyramid.height + beyond, 6).astype(np.int64)
    return np.array([(x, y) for y in down for x in across], dtype=np.int64)


def assert_equal_at_every_level(own, tiles, *, fast):
    for level in range(len(own.pyramid.sizes)):
        spec = PatchSpec(70, own.pyramid.level_mpp(level))
        xy = places(own.pyramid)
        reading = tiles.reading(xy, spec)
        assert isinstance(reading, TileReading) is fast

        ours, readable = reading.read(0, len(xy))
        theirs, their_readable = own.reading(xy, spec).read(0, len(xy))

        assert np.array_equal(readable, their_readable)
        assert np.array_equal(ours, theirs)


TAKEN = {
    **{f"{sub} shared": Variant(subsampling=sub, levels=HALVES) for sub in SUBSAMPLING},
    **{f"{sub} whole": Variant(subsampling=sub, shared_tables=False) for sub in SUBSAMPLING},
    "RGB shared": Variant(colours="RGB", levels=HALVES),
    "RGB whole": Variant(colours="RGB", shared_tables=False),
    "said to be RGB": Variant(subsampling="444", photometric=2),
    "said to be YCbCr": Variant(colours="RGB", photometric=6),
    "tiles of 16": Variant(tile=(16, 16)),
    "tiles of 1024": Variant(tile=(1024, 1024)),
    "wide tiles": Variant(tile=(256, 64)),
    "tall tiles": Variant(tile=(48, 112)),
    "whole tiles": Variant(width=512, height=384),
    "one tile": Variant(width=100, height=90),
    "classic": Variant(big=False, levels=HALVES),
    "big-endian": Variant(order=">", levels=HALVES),
    "a level missing": Variant(width=512, height=512, levels=((64, 64),)),
    "no subfile types": Variant(subfiletypes=False),
    "missing tiles": Variant(missing=frozenset({(0, 0), (0, 5), (1, 1)}), levels=HALVES),
    "Aperio": Variant(description=APERIO, levels=HALVES),
    "low quality": Variant(quality=20),
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_pixels_of_tiles_are_openslides_at_every_level(tmp_path, name):
    own, tiles = both(write_variant(tmp_path / "s.tif", TAKEN[name]))

    assert_equal_at_every_level(own, tiles, fast=True)


LEFT = {
    "no compression": (Variant(compression=1, colours="RGB"), "compression NONE"),
    "an Aperio file with a tile missing": (
        Variant(description=APERIO, levels=HALVES, missing=frozenset({(0, 3)})),
        "tiles missing",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_no_tiled_jpeg_is_left_to_openslide_or_refused_by_name(tmp_path, name):
    variant, found = LEFT[name]
    own, tiles = both(write_variant(tmp_path / "s.tif", variant))
    required = TiffSlide(own, required=True)

    assert_equal_at_every_level(own, tiles, fast=False)
    for ask in (lambda: required.reading(places(own.pyramid), PatchSpec(8, 0.5)), None):
        with pytest.raises(SlideError, match=f"s.tif: level 0: .*found {found}.*auto") as refusal:
            required.read(0, 0, PatchSpec(8, 0.5)) if ask is None else ask()
        assert refusal.value.exit_status == 3


class Tinted(OpenSlideSlide):
    """OpenSlide, as it would be if it read one place of one level in another way."""

    def region(self, x, y, cut, size):
        pixels = super().region(x, y, cut, size).copy()
        if cut.level == 1 and x <= 128 < x + size[0] and y <= 128 < y + size[1]:
            pixels[128 - y, 128 - x, 0] ^= 1
        return pixels


def test_a_level_of_which_one_pixel_is_another_is_left_to_openslide(tmp_path):
    own = Tinted(write_variant(tmp_path / "s.tif", Variant(levels=HALVES)), "s")
    auto, required = TiffSlide(own), TiffSlide(own, required=True)
    xy = places(own.pyramid)

    assert isinstance(auto.reading(xy, PatchSpec(8, 0.5)), TileReading)
    assert not isinstance(auto.reading(xy, PatchSpec(8, 1.0)), TileReading)
    assert isinstance(auto.reading(xy, PatchSpec(8, 2.0)), TileReading)
    assert len(required.reading(xy, PatchSpec(8, 0.5))) == len(xy)
    with pytest.raises(SlideError, match=r"s.tif: level 1: .*found other pixels at .*auto"):
        required.reading(xy, PatchSpec(8, 1.0))


def test_pixels_that_openslide_does_not_decode_are_no_proof(tmp_path):
    class Blind(OpenSlideSlide):
        def region(self, x, y, cut, size):
            raise PixelError("nothing decodes")

    own = Blind(write_variant(tmp_path / "s.tif", Variant()), "s")

    with pytest.raises(SlideError, match="that OpenSlide does not decode"):
        TiffSlide(own, required=True).reading(places(own.pyramid), PatchSpec(8, 0.5))


def test_tiles_damaged_all_over_are_unreadable_to_both(tmp_path):
    path = write_variant(
        tmp_path / "s.tif", Variant(encode=lambda _: b"damage", shared_tables=False)
    )
    own, tiles = both(path)
    xy = np.array([[0, 0], [200, 150], [-90, -90]], dtype=np.int64)

    for slide in (own, tiles):
        patches, readable = slide.reading(xy, PatchSpec(64, 0.5)).read(0, 3)
        assert readable.tolist() == [False, False, True]
        assert (patches == 255).all()


def spoilt(number, change):
    """Encodes tiles; changes the bytes of one."""
    made = []

    def encode(pixels):
        made.append(jpeg(pixels))
        return change(made[-1]) if len(made) == number + 1 else made[-1]

    return encode


def progressive(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", progressive=True)
    return stream.getvalue()


SPOILT = {
    "cut short": lambda stream: stream[: len(stream) // 2],
    "header alone": lambda stream: stream[:300],
    "a marker amid": lambda stream: stream[:1500] + b"\xff\xd9" * 50 + stream[1600:],
    "zeros amid": lambda stream: stream[:1500] + bytes(100) + stream[1600:],
    "other bytes": lambda stream: np.random.default_rng(0).bytes(len(stream)),
    "a vast size": lambda stream: claiming(stream, 60_000, 60_000),
    "a smaller size": lambda stream: claiming(stream, 64, 64),
    "grey": lambda _: imagecodecs.jpeg8_encode(np.zeros((128, 128), np.uint8)),
    "progressive": lambda _: progressive(np.zeros((128, 128, 3), np.uint8)),
}


@pytest.mark.parametrize("damage", SPOILT)
def test_a_damaged_tile_is_damaged_to_both_and_spoils_only_what_touches_it(tmp_path, damage):
    variant = Variant(encode=spoilt(6, SPOILT[damage]), shared_tables=False)
    own, tiles = both(write_variant(tmp_path / "s.tif", variant))
    spec, xy = PatchSpec(60, 0.5), places(own.pyramid)

    ours, readable = tiles.reading(xy, spec).read(0, len(xy))
    theirs, their_readable = own.reading(xy, spec).read(0, len(xy))

    assert np.array_equal(readable, their_readable)
    assert np.array_equal(ours[readable], theirs[readable])
    assert readable.sum() > len(xy) / 2


@settings(max_examples=25)
@given(
    st.tuples(st.integers(150, 420), st.integers(150, 420)),
    st.tuples(st.integers(60, 149), st.integers(60, 149)),
    st.lists(st.tuples(st.integers(-200, 500), st.integers(-200, 500)), min_size=1, max_size=4),
    st.integers(1, 120),
    st.floats(1, 4),
)
def test_a_patch_is_the_same_alone_and_among_many_whatever_the_levels(
    tmp_path_factory, first, second, corners, size, coarser
):
    variant = Variant(width=first[0], height=first[1], tile=(64, 64), levels=(second,))
    own, tiles = both(write_variant(tmp_path_factory.mktemp("s") / "s.tif", variant))
    spec, xy = PatchSpec(size, 0.5 * coarser), np.array(corners, dtype=np.int64)

    patches, readable = tiles.reading(xy, spec).read(0, len(xy))

    assert readable.all()
    for patch, (x, y) in zip(patches, corners, strict=True):
        assert np.array_equal(patch, tiles.read(x, y, spec))
        if own.pyramid.level_for(spec.mpp) == 0:
            assert np.array_equal(patch, own.read(x, y, spec))


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(-300, 800), st.integers(-300, 700)), min_size=1, max_size=4),
    st.integers(1, 200),
    st.sampled_from((1.0, 1.5, 2.0, 2.6, 4.0)),
)
def test_regions_of_any_place_and_size_are_openslides(halved, corners, size, coarser):
    own, tiles = halved
    spec, xy = PatchSpec(size, 0.5 * coarser), np.array(corners, dtype=np.int64)

    ours, _ = tiles.reading(xy, spec).read(0, len(xy))
    theirs, _ = own.reading(xy, spec).read(0, len(xy))

    assert np.array_equal(ours, theirs)


@pytest.fixture(scope="module")
def halved(tmp_path_factory):
    return both(write_variant(tmp_path_factory.mktemp("h") / "s.tif", Variant(levels=HALVES)))


def test_where_level_pixels_lie_between_those_of_level_0_none_is_interpolated(tmp_path):
    variant = Variant(width=500, height=400, levels=((200, 160),))
    path = write_variant(tmp_path / "s.tif", variant)
    own, tiles = both(path)
    spec = PatchSpec(32, own.pyramid.level_mpp(1))
    level = whole_level(path, 1)

    patch = tiles.read(33, 41, spec)

    column, row = round(33 / 2.5), round(41 / 2.5)
    assert np.array_equal(patch, level[row : row + 32, column : column + 32])


SIZES = [(501, 399), (503, 401), (998, 803), (500, 399), (1001, 1000), (1003, 1001), (1024, 1023)]


@pytest.mark.parametrize("size", SIZES)
def test_levels_of_rounded_sizes_are_read_by_their_tiles_too(tmp_path, size):
    variant = Variant(width=size[0], height=size[1], levels=((250, 200),))
    path = write_variant(tmp_path / "s.tif", variant)
    own, tiles = both(path)
    spec, level = PatchSpec(32, own.pyramid.level_mpp(1)), whole_level(path, 1)
    downsample = own.pyramid.downsample(1)
    xy = np.array([(0, 0), (33, 41), (101, 200), (398, 300)], dtype=np.int64)

    reading = tiles.reading(xy, spec)

    assert isinstance(reading, TileReading)
    for patch, corner in zip(reading.read(0, 4)[0], xy, strict=True):
        column, row = np.rint(corner / downsample).astype(int)
        seen = level[row : row + 32, column : column + 32]
        assert np.array_equal(patch[: seen.shape[0], : seen.shape[1]], seen)
        assert np.array_equal(tiles.read(*corner.tolist(), spec), patch)


def whole_level(path, number):
    """A whole level, read by neither reader."""
    return tifffile.imread(path, key=number)


@pytest.mark.parametrize(("level", "number"), [(0, 0), (1, 16)])
def test_a_patch_read_alone_says_that_it_does_not_decode(tmp_path, level, number):
    broken = spoilt(number, lambda _: b"damage")
    variant = Variant(levels=((200, 160),), encode=broken, shared_tables=False)
    own, tiles = both(write_variant(tmp_path / "s.tif", variant))
    spec, xy = PatchSpec(32, own.pyramid.level_mpp(level)), np.array([[33, 41], [400, 330]])

    reading = tiles.reading(xy, spec)
    patches, readable = reading.read(0, 2)

    assert isinstance(reading, TileReading)
    assert readable.tolist() == [False, True]
    assert np.array_equal(tiles.read(400, 330, spec), patches[1])
    with pytest.raises(PixelError, match=r"s.tif: pixels at \(3[03], 4[01]\): expected .* decode"):
        tiles.read(33, 41, spec)


def test_a_slide_that_vanished_is_said_so(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant())
    _, tiles = both(path)
    _ = tiles.pyramid, tiles._levels
    path.unlink()

    with pytest.raises(SlideError, match=r"s.tif: bytes: .*No such file"):
        tiles.reading(np.zeros((1, 2), np.int64), PatchSpec(8, 0.5))


def test_patches_are_read_after_the_slide_itself_is_gone(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant())
    own, _ = both(path)
    xy = places(own.pyramid)
    reading = TiffSlide(OpenSlideSlide(path, "s")).reading(xy, PatchSpec(30, 0.5))
    gc.collect()
    unrelated = [path.open("rb") for _ in range(3)]

    patches, readable = reading.read(0, len(xy))

    assert readable.all()
    assert np.array_equal(patches, own.reading(xy, PatchSpec(30, 0.5)).read(0, len(xy))[0])
    for file in unrelated:
        file.close()


def digest(slide, xy):
    patches, readable = slide.reading(xy, PatchSpec(30, 0.5)).read(0, len(xy))
    return int(patches.sum()), int(readable.sum())


ELSEWHERE = """
    import pickle, sys
    from common.patches import PatchSpec
    slide, xy = pickle.load(sys.stdin.buffer)
    patches, readable = slide.reading(xy, PatchSpec(30, 0.5)).read(0, len(xy))
    print(int(patches.sum()), int(readable.sum()))
"""


def test_a_slide_in_use_goes_to_another_process_and_comes_back_as_itself(tmp_path):
    _, tiles = both(write_variant(tmp_path / "s.tif", Variant()))
    xy = places(tiles.pyramid)
    before = digest(tiles, xy)

    copy = pickle.loads(pickle.dumps(tiles))
    there = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ELSEWHERE)],
        cwd=ROOT,
        input=pickle.dumps((tiles, xy)),
        capture_output=True,
        check=True,
    )

    assert (copy.slide_id, copy.pyramid, copy.fingerprint) == (
        "s",
        tiles.pyramid,
        tiles.fingerprint,
    )
    assert digest(copy, xy) == before
    assert there.stdout.decode().split() == [str(value) for value in before]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_children_of_a_fork_and_their_parent_read_right_pixels_at_the_same_time(tmp_path):
    _, tiles = both(write_variant(tmp_path / "s.tif", Variant()))
    xy = places(tiles.pyramid)
    before = digest(tiles, xy)

    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = pool.starmap_async(digest, [(tiles, xy)] * 6)
        here = [digest(tiles, xy) for _ in range(6)]

        assert there.get(60) == here == [before] * 6


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="counts descriptors in /proc")
def test_two_hundred_slides_leave_no_file_open(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(width=100, height=90))
    xy = np.zeros((1, 2), np.int64)

    def read():
        TiffSlide(OpenSlideSlide(path, "s")).reading(xy, PatchSpec(8, 0.5)).read(0, 1)

    read()
    gc.collect()
    before = len(list(DESCRIPTORS.iterdir()))
    for _ in range(200):
        read()
    gc.collect()

    assert len(list(DESCRIPTORS.iterdir())) <= before


def test_the_patch_file_can_name_what_decoded_the_pixels(tmp_path):
    _, tiles = both(write_variant(tmp_path / "s.tif", Variant()))

    reader = tiles.reading(np.empty((0, 2), np.int64), PatchSpec(8, 0.5)).reader

    assert re.fullmatch(r"tifffile [\d.]+, simplejpeg [\d.]+", reader)


@pytest.mark.real_data
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_slides_give_openslides_pixels_at_every_level(shared_data, path):
    own, tiles = both(shared_data / path.relative_to(DATA))
    try:
        sizes = own.pyramid.sizes
    except SlideError:
        with pytest.raises(SlideError):
            _ = tiles.pyramid
        return
    for level in range(len(sizes)):
        for size, coarser in ((224, 1.0), (60, 1.5), (50, 2.0)):
            spec, xy = PatchSpec(size, own.pyramid.level_mpp(level) * coarser), places(own.pyramid)
            xy = on_whole_pixels(xy, own.pyramid.downsample(own.pyramid.level_for(spec.mpp)))

            ours, readable = tiles.reading(xy, spec).read(0, len(xy))
            theirs, their_readable = own.reading(xy, spec).read(0, len(xy))

            assert np.array_equal(readable, their_readable)
            assert np.array_equal(ours, theirs)


def on_whole_pixels(xy, downsample):
    """The corners where a pixel of the level begins on one of level 0."""
    off = np.abs(
        np.rint(np.rint(xy / downsample) * downsample) / downsample - np.rint(xy / downsample)
    )
    return xy[(off < 1 / 600).all(axis=1)]


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["slides/cmu-1-small-region.svs", "mosaic/centre_0/patient_000_node_0.tif"]
)
@settings(max_examples=30)
@given(data=st.data())
def test_any_region_of_a_real_slide_is_openslides(shared_data, name, data):
    own, tiles = both(shared_data / name)
    width, height = own.pyramid.sizes[0]
    corner = st.tuples(st.integers(-400, width + 400), st.integers(-400, height + 400))
    corners = data.draw(st.lists(corner, min_size=1, max_size=3))
    size = data.draw(st.integers(1, 300))
    spec = PatchSpec(size, own.pyramid.mpp * data.draw(st.sampled_from((1.0, 1.5, 2.0))))
    xy = np.array(corners, dtype=np.int64)

    reading = tiles.reading(xy, spec)
    ours, readable = reading.read(0, len(xy))
    theirs, _ = own.reading(xy, spec).read(0, len(xy))

    assert isinstance(reading, TileReading)
    assert readable.all()
    assert np.array_equal(ours, theirs)


def test_openslide_is_not_changed_by_being_compared_with(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant())
    own, tiles = both(path)
    tiles.reading(np.zeros((1, 2), np.int64), PatchSpec(8, 0.5))

    patch = own.read(100, 90, PatchSpec(50, 0.5))

    with openslide.OpenSlide(path) as reference:
        region = reference.read_region((100, 90), 0, (50, 50)).convert("RGB")
        assert np.array_equal(patch, np.asarray(region))
