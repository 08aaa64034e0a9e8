from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import openslide
import pytest
import tifffile
from project import ROOT
from tiff_slides import asap, tissue_on_glass, write_slide

from common.cohort import SlideEntry, read_cohort
from common.config import load
from common.errors import SlideError
from common.patch_file import schema
from common.patch_file.check import check
from common.patch_file.reader import PatchFile
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide, patch_path, preview_path

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
DENSE = [*SMALL, "sampling.method=dense"]
TUMOUR = [(320, 192), (448, 192), (448, 384), (320, 384)]


@pytest.fixture
def entry(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    xml = tmp_path / "s.xml"
    xml.write_text(asap([TUMOUR]))
    return SlideEntry("s", path, "p", "0", "1", "macro", "train", None, xml)


def assert_same(one, other):
    """The same datasets, byte for byte."""
    with h5py.File(one) as a, h5py.File(other) as b:
        assert sorted(a) == sorted(b)
        for name in a:
            assert np.array_equal(a[name], b[name], equal_nan=a[name].dtype.kind == "f"), name


def spoil_a_tile(path):
    """Damage the tile of level 0 that begins at (384, 256): 128 px of tissue."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        number = 2 * (1024 // 128) + 3
        offset, length = page.dataoffsets[number], page.databytecounts[number]
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(bytes(length))


def extracted(entry, out, overrides, config=None):
    outcome = extract_slide(entry, out, load(ExtractSettings, config, overrides))
    check(patch_path(out, entry.slide_id), decode=True)
    return outcome, PatchFile(patch_path(out, entry.slide_id))


def test_every_position_of_the_dense_grid_is_kept_or_rejected(entry, tmp_path):
    outcome, file = extracted(entry, tmp_path, DENSE)

    assert outcome.status == "done"
    assert outcome.counts["kept"] + outcome.counts["rejected"] == (1024 // 32) * (768 // 32)
    assert file.header.sampling["stride"] == 32
    assert (file.header.patient, file.header.split) == ("p", "train")


def test_labels_are_those_of_the_annotation(entry, tmp_path):
    _, file = extracted(entry, tmp_path, DENSE)

    x, y = file.coords.T
    inside = (x >= 320) & (x + 32 <= 448) & (y >= 192) & (y + 32 <= 384)
    assert np.array_equal(file.labels, inside.astype(np.int8))
    assert inside.sum() == 4 * 6


def test_stored_pixels_are_those_of_the_slide_at_their_place(entry, tmp_path):
    _, file = extracted(entry, tmp_path, DENSE)
    image = tissue_on_glass()

    for row in (0, len(file) // 2, len(file) - 1):
        x, y = file.coords[row]
        assert np.array_equal(file.read([row])[0], image[y : y + 32, x : x + 32])


@pytest.mark.parametrize("codec", ["raw", "jpeg", "none"])
def test_the_codec_changes_neither_places_nor_labels(entry, tmp_path, codec):
    _, plain = extracted(entry, tmp_path / "plain", DENSE)
    _, other = extracted(entry, tmp_path / codec, [*DENSE, f"storage.codec={codec}"])

    assert np.array_equal(plain.coords, other.coords)
    assert np.array_equal(plain.labels, other.labels)
    assert other.codec == codec


def test_random_sampling_keeps_as_many_of_each_class_as_asked(entry, tmp_path):
    outcome, file = extracted(entry, tmp_path, [*SMALL, "sampling.per_class=20"])

    assert (outcome.counts["tumor"], outcome.counts["normal"]) == (20, 20)
    assert outcome.reason == ""
    assert file.header.sampling["method"] == "random"
    assert (file.header.sampling["seed"], file.header.sampling["per_class"]) == (0, 20)


def test_a_slide_that_holds_fewer_says_so(entry, tmp_path):
    outcome, _ = extracted(entry, tmp_path, [*SMALL, "sampling.per_class=100000"])

    assert outcome.status == "done"
    assert outcome.reason.startswith("the slide holds no more: ")
    assert " of 100000 tumor" in outcome.reason


def test_another_seed_draws_other_patches_and_the_same_seed_the_same(entry, tmp_path):
    some = [*SMALL, "sampling.per_class=10"]
    drawn = [
        extracted(entry, tmp_path / str(run), [*some, f"sampling.seed={seed}"])[1].coords.tolist()
        for run, seed in enumerate([1, 1, 2])
    ]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_glass_is_empty_with_a_reason_and_a_file_that_accounts_for_it(tmp_path):
    glass = np.full((256, 256, 3), 243, np.uint8)
    entry = SlideEntry("g", write_slide(tmp_path / "g.tif", glass), slide_label="negative")

    outcome, file = extracted(entry, tmp_path, DENSE)

    assert outcome.status == "empty"
    assert "no tissue found" in outcome.reason
    assert file.counts["background"] == 64


def test_a_slide_smaller_than_a_patch_is_empty_with_that_reason(tmp_path):
    entry = SlideEntry("t", write_slide(tmp_path / "t.tif", tissue_on_glass(20, 20), levels=1))

    for overrides in (DENSE, SMALL):
        outcome, _ = extracted(entry, tmp_path, overrides)
        assert outcome.status == "empty"
        assert "smaller than one patch of 32 px" in outcome.reason


@pytest.mark.parametrize("sampling", [DENSE, SMALL])
def test_a_duplicate_gives_no_patch_and_says_why(tmp_path, sampling):
    slide = write_slide(tmp_path / "s.tif", tissue_on_glass())
    entry = SlideEntry("test_049", slide)

    outcome, file = extracted(entry, tmp_path, sampling)

    assert outcome.status == "empty"
    assert "duplicate" in outcome.reason
    assert "labels.camelyon_exceptions: false takes it" in outcome.reason
    assert file.counts["excluded"] == file.counts["rejected"]
    taken, _ = extracted(entry, tmp_path, [*sampling, "labels.camelyon_exceptions=false"])
    assert taken.counts["unknown"] > 0


def test_a_slide_nothing_is_known_of_gives_patches_of_unknown_label(tmp_path):
    entry = SlideEntry("u", write_slide(tmp_path / "u.tif", tissue_on_glass()))

    outcome, file = extracted(entry, tmp_path, [*SMALL, "sampling.per_class=5"])

    assert outcome.counts["unknown"] == 5
    assert np.isnan(file.column("tumor_fraction")).all()


def test_a_preview_is_written(entry, tmp_path):
    extracted(entry, tmp_path, DENSE)

    assert preview_path(tmp_path, "s").stat().st_size > 1000


@pytest.mark.parametrize("codec", ["raw", "jpeg", "none"])
@pytest.mark.parametrize("sampling", [["sampling.method=dense"], ["sampling.per_class=40"]])
def test_threads_change_nothing(entry, tmp_path, codec, sampling):
    settings = load(ExtractSettings, None, [*SMALL, *sampling, f"storage.codec={codec}"])
    for threads in (1, 3):
        extract_slide(entry, tmp_path / str(threads), settings, threads=threads)

    assert_same(tmp_path / "1" / "patches" / "s.h5", tmp_path / "3" / "patches" / "s.h5")


def test_both_readers_give_the_same_file(entry, tmp_path):
    entry = replace(
        entry, path=write_slide(tmp_path / "j.tif", tissue_on_glass(), compression="jpeg")
    )
    for reader in ("tiff", "openslide"):
        settings = load(ExtractSettings, None, [*DENSE, f"slide.reader={reader}"])
        extract_slide(entry, tmp_path / reader, settings)

    files = [tmp_path / reader / "patches" / "s.h5" for reader in ("tiff", "openslide")]
    assert_same(*files)
    assert [PatchFile(file).header.reader.split()[0] for file in files] == ["tifffile", "openslide"]


@pytest.mark.parametrize(
    ("sampling", "parts"),
    [
        (["sampling.method=dense", "sampling.stride=20"], 3),
        (["sampling.per_class=30", "sampling.draws=3"], 3),
    ],
)
def test_the_parts_of_a_slide_are_the_slide(entry, tmp_path, sampling, parts):
    settings = load(ExtractSettings, None, [*SMALL, *sampling])
    whole = extract_slide(entry, tmp_path / "whole", settings)
    for part in range(parts):
        extract_slide(entry, tmp_path / "cut", settings, cut=(part, parts))

    files = [
        PatchFile(check_file)
        for check_file in sorted((tmp_path / "cut" / "patches").glob("s.part-*.h5"))
    ]
    one = PatchFile(tmp_path / "whole" / "patches" / "s.h5")
    assert len(files) == parts
    for file in files:
        check(file.path, decode=True)
    for name in (schema.COORDS, schema.REJECTED_COORDS):
        places = [tuple(xy) for file in files for xy in file.column(name).tolist()]
        assert sorted(places) == sorted(map(tuple, one.column(name).tolist()))
        assert len(set(places)) == len(places)
    assert sum(file.counts["kept"] for file in files) == whole.counts["kept"]


def test_progress_rises_to_the_end(entry, tmp_path):
    told = []
    settings = load(ExtractSettings, None, DENSE)
    outcome = extract_slide(
        entry, tmp_path, settings, report=lambda kept, share: told.append((kept, share))
    )

    assert told[-1][0] == outcome.counts["kept"]
    assert all(0 <= share <= 1 for _, share in told)


def test_the_mask_is_kept_beside_the_patches_and_can_be_given_back(entry, tmp_path):
    extracted(entry, tmp_path / "first", DENSE)
    settings = load(ExtractSettings, None, DENSE)
    again = extract_slide(entry, tmp_path / "again", settings, masks=tmp_path / "first" / "masks")

    assert again.inputs["mask_sha256"] != ""
    assert_same(tmp_path / "first" / "patches" / "s.h5", tmp_path / "again" / "patches" / "s.h5")


def test_what_does_not_decode_is_rejected_and_too_much_of_it_refused(entry, tmp_path):
    path = write_slide(tmp_path / "j.tif", tissue_on_glass(), compression="jpeg")
    spoil_a_tile(path)
    entry = replace(entry, path=path)

    settings = load(ExtractSettings, None, [*DENSE, "slide.max_unreadable=0.5"])
    outcome = extract_slide(entry, tmp_path, settings)

    assert outcome.counts["unreadable"] == 4 * 4
    assert outcome.notes == ["16 patches do not decode and were rejected"]
    with pytest.raises(SlideError, match="expected at most 5.0% of the patches not to decode"):
        extract_slide(entry, tmp_path / "strict", load(ExtractSettings, None, DENSE))
    assert not list((tmp_path / "strict" / "patches").iterdir())


@pytest.mark.real_data
def test_an_svs_gives_the_pixels_openslide_gives_and_no_patch_leaves_it(shared_data, tmp_path):
    path = shared_data / "slides" / "cmu-1-small-region.svs"
    entry = SlideEntry("cmu", path, slide_label="negative")

    _, file = extracted(entry, tmp_path, ["patch.mpp=native", "sampling.method=dense"])

    slide = openslide.OpenSlide(path)
    assert len(file) > 50
    for (x, y), patch in zip(file.coords.tolist(), file.read(range(len(file))), strict=True):
        region = np.asarray(slide.read_region((x, y), 0, (224, 224)).convert("RGB"))
        assert np.array_equal(patch, region)
        assert 0 <= x <= 2220 - 224
        assert 0 <= y <= 2967 - 224


@pytest.mark.real_data
def test_an_svs_at_twice_the_scale_gives_the_mean_of_four_pixels(shared_data, tmp_path):
    path = shared_data / "slides" / "cmu-1-small-region.svs"
    entry = SlideEntry("cmu", path, slide_label="negative")

    _, file = extracted(entry, tmp_path, ["patch.mpp=0.998", "sampling.method=dense"])

    slide = openslide.OpenSlide(path)
    assert file.header.patch_size_level0 == 448
    for (x, y), patch in zip(file.coords.tolist(), file.read(range(len(file))), strict=True):
        region = np.asarray(slide.read_region((x, y), 0, (448, 448)).convert("RGB"))
        mean = region.reshape(224, 2, 224, 2, 3).mean(axis=(1, 3))
        assert np.abs(patch - mean).mean() <= 1


@pytest.mark.real_data
def test_the_mosaic_gives_every_cell_its_true_label_or_a_reason(
    shared_data, mosaic_truth, tmp_path
):
    config = ROOT / "configs" / "layer1_extract" / "mosaic.yaml"
    kept = 0
    for entry in read_cohort(shared_data / "mosaic"):
        _, file = extracted(entry, tmp_path, [], config)
        kept += len(file)
        truth = mosaic_truth(entry.slide_id)
        column, row = file.coords.T // 96
        assert np.array_equal(file.labels == 1, truth["tumor"][row, column])
        assert truth["tissue"][row, column].all()
        rest = file.column(schema.REJECTED_COORDS) // 96
        every = {tuple(cell) for cell in [*(file.coords // 96).tolist(), *rest.tolist()]}
        assert len(every) == 34 * 34 == len(file) + len(rest)
    assert f"# {kept:,} patches;" in config.read_text(encoding="utf-8")
