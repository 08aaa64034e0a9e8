"""One patch file, read as CLAM, TRIDENT and wsinfer document it."""

from __future__ import annotations

import cv2
import h5py
import numpy as np
import openslide
import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from common.patch_file.reader import PatchFile
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide, patch_path


def clam(coords):
    """CLAM reads `patch_size` px of `patch_level` at each place."""
    level, size = int(coords.attrs["patch_level"]), int(coords.attrs["patch_size"])
    downsample = coords.attrs["downsample"][0]
    return level, size, round(size * downsample)


def trident(coords):
    """TRIDENT reads `patch_size` px at the target magnification, or the level-0 size it is told."""
    ratio = coords.attrs["level0_magnification"] / coords.attrs["target_magnification"]
    edge = round(int(coords.attrs["patch_size"]) * ratio)
    assert edge == int(coords.attrs["patch_size_level0"])
    return 0, edge, edge


def wsinfer(coords):
    """Wsinfer reads `patch_size` level-0 px."""
    assert coords.attrs["patch_level"] == 0
    size = int(coords.attrs["patch_size"])
    return 0, size, size


@pytest.mark.parametrize("mpp", [0.5, 1.0, 0.8])
def test_three_other_tools_get_the_regions_this_project_meant(tmp_path, mpp):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    overrides = [
        f"patch.mpp={mpp}",
        "patch.size=32",
        "sampling.method=dense",
        "tissue.min_area_um2=1000",
    ]
    settings = load(ExtractSettings, None, overrides)
    extract_slide(SlideEntry("s", path, slide_label="negative"), tmp_path, settings)
    ours = PatchFile(patch_path(tmp_path, "s"))
    slide = openslide.OpenSlide(path)

    with h5py.File(ours.path, locking=False) as file:
        coords = file["coords"]
        for reader in (clam, trident, wsinfer):
            level, size, level0_edge = reader(coords)
            assert level0_edge == ours.header.patch_size_level0
            x, y = (int(value) for value in coords[len(coords) // 2])
            region = np.asarray(slide.read_region((x, y), level, (size, size)).convert("RGB"))
            reduced = cv2.resize(region, (32, 32), interpolation=cv2.INTER_AREA)
            patch = ours.read([len(coords) // 2])[0]
            assert np.abs(reduced.astype(int) - patch).mean() <= 1


def test_what_the_three_tools_look_for_is_there(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    settings = load(ExtractSettings, None, ["patch.mpp=0.5", "patch.size=32"])
    extract_slide(SlideEntry("s", path, slide_label="negative"), tmp_path, settings)

    with h5py.File(patch_path(tmp_path, "s")) as file:
        found = set(file["coords"].attrs)
        assert file["coords"].attrs["patch_spacing_um_px"] == pytest.approx(0.5)

    clams = {
        "patch_size",
        "patch_level",
        "downsample",
        "downsampled_level_dim",
        "level_dim",
        "name",
    }
    tridents = {"patch_size_level0", "level0_magnification", "target_magnification", "overlap"}
    tridents |= {"level0_width", "level0_height", "savetodir"}
    assert clams | tridents | {"save_path", "patch_spacing_um_px"} <= found
