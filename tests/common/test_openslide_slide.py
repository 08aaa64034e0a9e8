from __future__ import annotations

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import openslide
import pytest
from tiff_slides import tissue_on_glass, write_slide
from tiff_variants import Variant, jpeg, write_variant

from common.errors import PixelError, SlideError
from common.openslide_slide import OpenSlideSlide
from common.patches import PatchSpec
from common.tiff_slide import TiffSlide


@pytest.fixture
def slide(tmp_path):
    path = write_slide(tmp_path / "a slide.tif", tissue_on_glass(), mpp=0.5)
    return OpenSlideSlide(path, "a slide")


def test_a_patch_at_the_scale_of_a_level_is_that_level_pixel_for_pixel(slide):
    image = tissue_on_glass()

    patch = slide.read(300, 200, PatchSpec(64, 0.5))

    assert np.array_equal(patch, image[200:264, 300:364])


def test_a_coarser_patch_is_the_mean_of_the_pixels_it_stands_for(slide):
    image = tissue_on_glass().astype(float)

    patch = slide.read(256, 128, PatchSpec(50, 0.8))

    blocks = image[128 : 128 + 80, 256 : 256 + 80]
    expected = blocks.reshape(10, 8, 10, 8, 3).mean(axis=(1, 3))
    found = patch.reshape(10, 5, 10, 5, 3).mean(axis=(1, 3))
    assert np.abs(found - expected).mean() < 1


def test_outside_the_slide_is_white(slide):
    patch = slide.read(-32, -32, PatchSpec(64, 0.5))

    assert (patch[:32] == 255).all()
    assert (patch[:, :32] == 255).all()
    assert (patch[32:, 32:] == tissue_on_glass()[:32, :32]).all()


def test_enlarging_is_refused_with_what_to_do(slide):
    with pytest.raises(SlideError, match=r"patch.mpp: expected a scale this slide holds, 0.5"):
        slide.read(0, 0, PatchSpec(64, 0.25))


def test_the_thumbnail_shows_the_whole_slide_at_the_asked_scale(slide):
    image = tissue_on_glass()

    thumbnail = slide.thumbnail(8.0)

    assert thumbnail.shape == (48, 64, 3)
    expected = image.reshape(48, 16, 64, 16, 3).mean(axis=(1, 3))
    assert np.abs(thumbnail - expected).mean() < 1


def test_a_thumbnail_read_in_strips_equals_one_read_whole(slide, monkeypatch):
    whole = slide.thumbnail(4.0)
    monkeypatch.setattr("common.openslide_slide._STRIP_PX", 100)

    assert np.abs(slide.thumbnail(4.0).astype(int) - whole).max() <= 1


def test_a_slide_without_scale_is_refused_with_the_line_to_add(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass(), mpp=None)

    with pytest.raises(SlideError, match=r"openslide.mpp-x: .* found nothing. .*--mpp.*s,.*s\.tif"):
        _ = OpenSlideSlide(path, "s").pyramid


def test_a_stated_scale_is_taken_and_recorded(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass(), mpp=None)
    slide = OpenSlideSlide(path, "s", mpp=0.3)

    assert slide.pyramid.mpp == 0.3
    assert slide.mpp_source == "stated"


def test_a_fallback_scale_never_overrules_a_slide_that_says_its_own(slide, tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass(), mpp=None)
    own = OpenSlideSlide(slide.path, "a slide", fallback_mpp=0.3)
    none = OpenSlideSlide(path, "s", fallback_mpp=0.3)

    assert own.pyramid.mpp == pytest.approx(0.5)
    assert own.mpp_source == "openslide.mpp-x"
    assert (none.pyramid.mpp, none.mpp_source) == (0.3, "stated")


def test_a_scale_stated_as_the_slide_says_it_is_the_slides_own(slide):
    same = OpenSlideSlide(slide.path, "a slide", mpp=slide.pyramid.mpp)

    assert same.mpp_source == "openslide.mpp-x"


def test_a_slide_sent_to_another_process_opens_its_own_file(slide):
    before = slide.read(300, 200, PatchSpec(8, 0.5))

    copy = pickle.loads(pickle.dumps(slide))

    assert copy._handle is None
    assert np.array_equal(copy.read(300, 200, PatchSpec(8, 0.5)), before)


def test_the_fingerprint_is_of_the_content_not_of_path_or_time(slide, tmp_path):
    copied = tmp_path / "other" / "name.tif"
    copied.parent.mkdir()
    shutil.copyfile(slide.path, copied)
    changed = write_slide(tmp_path / "c.tif", tissue_on_glass(seed=9))

    assert OpenSlideSlide(copied, "x").fingerprint == slide.fingerprint
    assert OpenSlideSlide(changed, "x").fingerprint != slide.fingerprint


def test_a_missing_slide_is_said_to_be_missing(tmp_path):
    with pytest.raises(SlideError, match=r"absent.tif: format: .* found no file"):
        _ = OpenSlideSlide(tmp_path / "absent.tif", "absent").pyramid


@pytest.mark.parametrize(
    ("tags", "item", "found"),
    [
        ({256: (10_000_001,)}, "size", "levels of 10000001 x 400, 250 x 200"),
        ({257: (20_000_000,)}, "size", "levels of 500 x 20000000, 250 x 200"),
        ({257: (100,)}, "size", "levels of 500 x 100, 250 x 200"),
        ({322: (1 << 20,), 323: (1 << 11,)}, "tile", "1048576 x 2048"),
    ],
)
def test_a_header_that_claims_what_no_slide_has_is_refused(tmp_path, tags, item, found):
    path = write_variant(tmp_path / "s.tif", Variant(levels=((250, 200),), tags=tags))

    with pytest.raises(SlideError, match=f"s.tif: {item}: expected .*found {found}.* anew"):
        _ = OpenSlideSlide(path, "s").pyramid


def test_a_picture_too_large_to_make_is_refused_before_any_memory_is_taken(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(tags={256: (90_000,), 257: (80_000,)}))
    slide = OpenSlideSlide(path, "s")

    with pytest.raises(SlideError, match=r"thumbnail: .* 32,000,000 px, found 45,000 x 40,000 px"):
        slide.thumbnail(1.0)


def test_a_scale_that_makes_a_patch_of_half_the_slide_is_refused(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(mpp=None))
    slide = OpenSlideSlide(path, "s", mpp=0.000_25)

    with pytest.raises(SlideError, match=r"patch.mpp: .*found 224,000 x 224,000 px to make one"):
        slide.reading(np.zeros((1, 2), np.int64), PatchSpec(224, 0.25))


def broken_at(number):
    """Encodes tiles of which one does not decode."""
    made = []

    def encode(pixels):
        made.append(number)
        return b"damage" if len(made) == number + 1 else jpeg(pixels)

    return encode


@pytest.mark.parametrize("threads", [1, 4])
def test_patches_that_do_not_decode_are_said_so_and_leave_the_others_alone(tmp_path, threads):
    sound = write_variant(tmp_path / "sound.tif", Variant())
    variant = Variant(encode=broken_at(5), shared_tables=False)
    broken = write_variant(tmp_path / "broken.tif", variant)
    xy = np.array([(x, y) for y in range(0, 400, 32) for x in range(0, 500, 32)], dtype=np.int64)
    spec, cuts = PatchSpec(32, 0.5), np.linspace(0, len(xy), 17).astype(int).tolist()
    expected, _ = OpenSlideSlide(sound, "s").reading(xy, spec).read(0, len(xy))
    reading = OpenSlideSlide(broken, "s").reading(xy, spec)

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(reading.read, cuts[:-1], cuts[1:]))

    patches = np.concatenate([patches for patches, _ in parts])
    readable = np.concatenate([readable for _, readable in parts])
    inside = (xy // 128 == 1).all(axis=1)
    assert np.array_equal(readable, ~inside)
    assert np.array_equal(patches[readable], expected[readable])
    assert (patches[~readable] == 255).all()


def test_a_patch_that_does_not_decode_is_an_error_when_read_alone(tmp_path):
    variant = Variant(encode=broken_at(5), shared_tables=False)
    slide = OpenSlideSlide(write_variant(tmp_path / "s.tif", variant), "s")

    with pytest.raises(PixelError, match=r"s.tif: pixels at \(130, 130\): .* that decode"):
        slide.read(130, 130, PatchSpec(8, 0.5))
    assert slide.read(0, 0, PatchSpec(8, 0.5)).shape == (8, 8, 3)


def test_a_thumbnail_is_white_near_what_does_not_decode_and_nowhere_else(tmp_path):
    variant = Variant(width=1500, height=1200, shared_tables=False)
    sound = OpenSlideSlide(write_variant(tmp_path / "sound.tif", variant), "s")
    broken = replace(variant, encode=broken_at(12 * 5 + 5))
    slide = OpenSlideSlide(write_variant(tmp_path / "s.tif", broken), "s")

    expected, thumbnail = sound.thumbnail(2.0), slide.thumbnail(2.0)

    other = (thumbnail != expected).any(axis=2)
    rows, columns = np.nonzero(other)
    assert (thumbnail[160:192, 160:192] == 255).all()
    inside = thumbnail[rows.min() + 1 : rows.max(), columns.min() + 1 : columns.max()]
    assert (inside == 255).all()
    assert max(np.ptp(rows), np.ptp(columns)) < 256


def test_a_thumbnail_says_what_of_it_does_not_decode(tmp_path, caplog):
    variant = Variant(width=1500, height=1200, encode=broken_at(65), shared_tables=False)
    slide = OpenSlideSlide(write_variant(tmp_path / "s.tif", variant), "s")

    slide.thumbnail(2.0)

    assert "% of the overview does not decode: taken for glass" in caplog.text
    assert 0 < slide.overview_lost < 0.1
    assert TiffSlide(slide).overview_lost == slide.overview_lost


def test_a_slide_most_of_which_does_not_decode_has_no_thumbnail(tmp_path):
    variant = Variant(encode=lambda _: b"damage", shared_tables=False)
    path = write_variant(tmp_path / "s.tif", variant)

    with pytest.raises(PixelError, match=r"pixels: expected at most 50% .* found 100%"):
        OpenSlideSlide(path, "s").thumbnail(2.0)


def test_a_classic_tiff_in_big_endian_order_is_none_that_openslide_reads(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(big=False, order=">"))

    with pytest.raises(SlideError, match="s.tif: format: expected a slide OpenSlide can read"):
        _ = OpenSlideSlide(path, "s").pyramid


@pytest.mark.real_data
def test_an_svs_at_its_own_scale_is_read_as_openslide_reads_it(shared_data):
    path = shared_data / "slides" / "cmu-1-small-region.svs"
    slide, reference = OpenSlideSlide(path, "cmu"), openslide.OpenSlide(path)

    patch = slide.read(701, 1203, PatchSpec(224, slide.pyramid.mpp))

    expected = np.asarray(reference.read_region((701, 1203), 0, (224, 224)).convert("RGB"))
    assert np.array_equal(patch, expected)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    [
        "Mirax2-Fluorescence-2.mrxs",
        "broken.svs",
        "corrupted.ndpi",
        "lfs_pointer_n001.tif",
        "unopenable.tiff",
        "history_c7e5490_test.tif",
    ],
)
def test_malformed_slides_are_refused_by_name(shared_data, name):
    slide = OpenSlideSlide(shared_data / "malformed" / name, "bad")

    with pytest.raises(SlideError, match=name.replace(".", r"\.")):
        _ = slide.pyramid
