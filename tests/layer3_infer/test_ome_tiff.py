from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from heatmap_headers import HEADER

from common.errors import ContractError
from common.grid import Grid
from layer3_infer.averaged_map import MapPixels, averaged_rows
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import HeatmapFile
from layer3_infer.ome_tiff import check_ome_tiff, write_ome_tiff


def made(rows=300, columns=280, stride=10, edge=20, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.random((rows, columns), dtype=np.float32)
    values[rng.random(values.shape) < 0.5] = np.nan
    return HeatmapFile(HEADER, Heatmap(Grid((3, 5), stride, edge, rows, columns), values))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("ome") / "a.ome.tif"
    write_ome_tiff(path, made())
    return path


def test_other_programs_find_a_tiled_pyramid_of_float32(written):
    heatmap = made().heatmap
    expected = averaged_rows(heatmap, 0, MapPixels.of(heatmap.grid).rows)

    with tifffile.TiffFile(written) as tiff:
        (series,) = tiff.series
        finest = series.asarray()
        assert tiff.is_ome
        assert [level.shape for level in series.levels] == [(304, 284), (152, 142), (76, 71)]
        assert series.keyframe.is_tiled
        assert finest.dtype == np.float32
        assert series.keyframe.tags["GDAL_NODATA"].value == "nan"
        per_cm = series.keyframe.get_resolution(tifffile.RESUNIT.CENTIMETER)

    assert np.array_equal(finest[:301, :281], expected, equal_nan=True)
    assert per_cm == pytest.approx((4000, 4000))


def test_the_same_heatmap_gives_the_same_bytes(written, tmp_path):
    write_ome_tiff(tmp_path / "b", made())

    assert (tmp_path / "b").read_bytes() == written.read_bytes()


def test_a_whole_file_of_its_heatmap_passes(written):
    check_ome_tiff(written, made())


def test_a_slide_without_a_patch_has_an_image_that_passes(tmp_path):
    empty = made(0, 0)

    write_ome_tiff(tmp_path / "a", empty)

    check_ome_tiff(tmp_path / "a", empty)
    assert np.isnan(tifffile.imread(tmp_path / "a")).all()


def other_value(file):
    values = file.heatmap.values.copy()
    values[290, 270] = 0.25
    return replace(file, heatmap=Heatmap(file.heatmap.grid, values))


@pytest.mark.parametrize(
    ("other", "item"),
    [
        (other_value(made()), "level 0, tile at row 256, column 256"),
        (replace(made(), header=replace(HEADER, model_sha256="b" * 64)), "model_sha256"),
        (replace(made(), header=replace(HEADER, level0_mpp=0.5)), "level0_mpp"),
        (made(stride=11), "pixel_size_level0"),
        (made(rows=299), "ImageDescription|level"),
    ],
)
def test_an_image_of_another_heatmap_is_refused_by_what_differs(written, other, item):
    with pytest.raises(ContractError, match=item):
        check_ome_tiff(written, other)


@pytest.mark.parametrize(
    "damage", [slice(20_000), slice(0), slice(16, None)], ids=["cut", "empty", "no head"]
)
def test_a_file_that_is_cut_off_or_something_else_is_refused(written, tmp_path, damage):
    path = tmp_path / "a.ome.tif"
    path.write_bytes(written.read_bytes()[damage])

    with pytest.raises(ContractError, match=str(path)):
        check_ome_tiff(path, made())


def test_a_tile_whose_bytes_changed_is_refused(written, tmp_path):
    with tifffile.TiffFile(written) as tiff:
        at = tiff.pages.first.dataoffsets[1] + 40
    path = tmp_path / "a.ome.tif"
    data = bytearray(written.read_bytes())
    data[at : at + 20] = bytes(20)
    path.write_bytes(data)

    with pytest.raises(ContractError):
        check_ome_tiff(path, made())


def test_a_pyramid_without_its_coarser_levels_is_refused(written, tmp_path):
    with tifffile.TiffFile(written) as tiff:
        page = tiff.pages.first
        finest, description = page.asarray(), page.description
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, finest, tile=(256, 256), description=description, metadata=None)

    with pytest.raises(ContractError, match="levels"):
        check_ome_tiff(path, made())
