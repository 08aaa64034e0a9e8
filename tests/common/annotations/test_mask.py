from __future__ import annotations

import numpy as np
import pytest
import shapely
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from common.annotations.mask import MOST_RECTANGLES, read_mask, rectangles
from common.annotations.mask_file import open_mask
from common.errors import SlideError
from common.geometry import Pyramid

SLIDE = Pyramid(((600, 400),), mpp=0.5)


def blank(width=600, height=400):
    return np.zeros((height, width), np.uint8)


def write(path, *levels, tile=(128, 128), **options):
    with tifffile.TiffWriter(path) as tiff:
        for at, level in enumerate(levels):
            kept = {"tile": tile} if tile else {"rowsperstrip": 64}
            tiff.write(level, subfiletype=min(at, 1), compression="zlib", metadata=None, **kept)
    return path


def marked(value=255, shape=(600, 400)):
    mask = blank(*shape)
    mask[64:192, 100:300] = value
    return mask


@pytest.mark.parametrize("tile", [(128, 128), (16, 16), None])
def test_tumour_lies_along_the_edges_of_its_pixels(tmp_path, tile):
    regions = read_mask(write(tmp_path / "m.tif", marked(), tile=tile), SLIDE)

    assert regions.tumor.equals(shapely.box(100, 64, 300, 192))
    assert regions.fraction(np.array([[90, 64], [0, 0]]), 20).tolist() == [0.5, 0]
    assert regions.groups == {"value 255": 1}
    assert not regions.is_silent


@given(mask=arrays(np.bool_, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_rectangles_cover_every_pixel_of_a_mask_once(mask):
    painted = np.zeros(mask.shape, int)
    for left, top, right, bottom in rectangles(mask):
        painted[top:bottom, left:right] += 1

    assert (painted == mask).all()


@given(mask=arrays(np.bool_, (40, 60)))
@settings(max_examples=20)
def test_the_area_of_any_mask_is_its_pixels(tmp_path_factory, mask):
    path = tmp_path_factory.mktemp("m") / "m.tif"
    slide = Pyramid(((240, 160),), mpp=0.5)
    regions = read_mask(write(path, mask.astype(np.uint8) * 255, tile=(16, 16)), slide)
    rows, columns = np.indices(mask.shape)
    xy = np.stack([columns.ravel(), rows.ravel()], axis=1) * 4

    assert regions.tumor.is_valid
    assert (regions.fraction(xy, 4).reshape(mask.shape) == mask).all()


def test_a_reduced_mask_is_laid_over_the_whole_slide(tmp_path):
    small = marked()[::4, ::4]

    regions = read_mask(write(tmp_path / "m.tif", small), SLIDE)

    assert regions.tumor.bounds == (100, 64, 300, 192)


def test_a_mask_reduced_by_a_fraction_is_stretched(tmp_path):
    mask = blank(240, 160)
    mask[:80] = 255

    regions = read_mask(write(tmp_path / "m.tif", mask), SLIDE)

    assert regions.tumor.bounds == pytest.approx((0, 0, 600, 200))


def test_a_mask_padded_at_its_end_lies_at_the_slides_corner(tmp_path):
    slide = Pyramid(((5990, 3990),), mpp=0.5)
    mask = blank(6016, 4000)
    mask[100:200, 100:300] = 255

    assert read_mask(write(tmp_path / "m.tif", mask), slide).tumor.bounds == (100, 100, 300, 200)


def test_the_coarsest_level_of_two_um_is_read(tmp_path):
    levels = [np.full((400 >> at, 600 >> at), 0, np.uint8) for at in range(4)]
    levels[2][16:48, 25:75] = 255

    with open_mask(write(tmp_path / "m.tif", *levels), SLIDE) as found:
        assert [level.scale[0] for level in found] == [1, 2, 4, 8]
    assert read_mask(tmp_path / "m.tif", SLIDE).tumor.bounds == (100, 64, 300, 192)


def test_what_fills_the_last_tiles_up_is_no_part_of_the_mask(tmp_path):
    path = tmp_path / "m.tif"
    tile = np.full((128, 128), 255, np.uint8)
    tile[:, :100] = 0
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(iter([tile]), shape=(90, 100), dtype=np.uint8, tile=(128, 128), metadata=None)

    assert read_mask(path, Pyramid(((100, 90),), 2.0)).tumor.is_empty


@pytest.mark.parametrize("tile", [(16, 16), None])
@pytest.mark.parametrize("size", [(600, 400), (597, 395)])
def test_a_mask_finer_than_two_um_is_read_at_two_um(tmp_path, tile, size):
    mask = blank(*size)
    mask[11:, 103:] = 255

    tumor = read_mask(write(tmp_path / "m.tif", mask, tile=tile), Pyramid((size,), 0.25)).tumor

    assert tumor.bounds == pytest.approx((104, 8, *size), abs=3)


def test_a_level_of_blended_numbers_is_left_for_a_finer_one(tmp_path):
    blended = marked(127)[::4, ::4]

    regions = read_mask(write(tmp_path / "m.tif", marked(), blended), SLIDE)

    assert regions.tumor.bounds == (100, 64, 300, 192)


def test_a_mask_of_nothing_says_there_is_no_tumour(tmp_path):
    regions = read_mask(write(tmp_path / "m.tif", blank()), SLIDE)

    assert regions.tumor.is_empty
    assert not regions.is_silent


@pytest.mark.parametrize("values", [(1, 2), (1,), (2,)])
def test_numbers_with_two_meanings_are_refused_until_one_is_stated(tmp_path, values):
    mask = marked(values[-1])
    mask[300:] = values[0]
    path = write(tmp_path / "m.tif", mask)

    with pytest.raises(
        SlideError, match=r"m.tif: values: expected .* State it in the configuration as mask_tu"
    ):
        read_mask(path, SLIDE)
    stated = read_mask(path, SLIDE, tumor=values[-1])
    assert stated.tumor.intersects(shapely.box(100, 64, 300, 192))


def test_the_number_stated_is_the_one_read(tmp_path):
    mask = marked(2)
    mask[300:] = 1
    path = write(tmp_path / "m.tif", mask)

    assert read_mask(path, SLIDE, tumor=2).tumor.bounds == (100, 64, 300, 192)
    assert read_mask(path, SLIDE, tumor=1).tumor.bounds == (0, 300, 600, 400)
    assert read_mask(path, SLIDE, tumor=3).tumor.is_empty


def test_a_binary_mask_contradicts_another_number(tmp_path):
    with pytest.raises(SlideError, match="values: expected 2 for tumour, as stated, found 0, 255"):
        read_mask(write(tmp_path / "m.tif", marked()), SLIDE, tumor=2)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.zeros((400, 600, 3), np.uint8), "one channel of 8 bits, in tiles, found 3 of 'uint8'"),
        (np.zeros((400, 600), np.uint16), "found 1 of 'uint16'"),
        (blank(400, 600), "600 x 400 px, the slide's, .* found 400 x 600 px"),
        (blank(1200, 800), "found 1200 x 800 px. Is it another slide's"),
        (blank(6, 4), "reduced 64 times at most, found 6 x 4 px"),
        (marked(7), "values: .*found 0, 7"),
    ],
)
def test_what_is_no_mask_of_the_slide_is_refused(tmp_path, mask, said):
    with pytest.raises(SlideError, match=said):
        read_mask(write(tmp_path / "m.tif", mask), SLIDE)


def test_a_mask_of_noise_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("common.annotations.mask.MOST_RECTANGLES", 100)
    mask = blank()
    mask[2::8, 2::8] = 255

    assert MOST_RECTANGLES > 100
    with pytest.raises(SlideError, match="mask: expected areas, found more than 100 pieces"):
        read_mask(write(tmp_path / "m.tif", mask), SLIDE)


def test_a_missing_or_damaged_mask_is_refused_by_name(tmp_path):
    with pytest.raises(SlideError, match=r"gone.tif: mask: .*No such file"):
        read_mask(tmp_path / "gone.tif", SLIDE)
    (tmp_path / "bad.tif").write_bytes(b"II*\0 and nothing")
    with pytest.raises(SlideError, match=r"bad.tif: mask: expected one channel .* found no image"):
        read_mask(tmp_path / "bad.tif", SLIDE)


@given(data=st.data())
@settings(max_examples=150)
def test_any_damaged_mask_is_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("m")
    whole = write(folder / "m.tif", marked(shape=(300, 200)), marked(shape=(300, 200))[::2, ::2])
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    whole.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    slide = Pyramid(((300, 200),), mpp=0.5)
    try:
        assert read_mask(whole, slide).tumor.is_valid
    except SlideError as error:
        assert str(error).startswith(f"{whole}: ")  # noqa: PT017
