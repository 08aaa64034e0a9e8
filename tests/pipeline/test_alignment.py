"""Heatmaps, and all that is made of them, lie exactly on what was seen.

A model that answers from colour alone is asked about slides whose colours differ from place to
place. The same colours are measured here on the pixels of the slide, as tifffile reads them, and
every result must be theirs: patch for patch, pixel for pixel. A shift of one pixel would be seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
import shapely
import tifffile
from click.testing import CliRunner
from colour_model import STAIN, write_colour_bundle
from tiff_slides import GLASS, PINK, write_slide

from common.annotations import read_annotations
from layer3_infer.blending import colours
from layer3_infer.cli import cli
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.ome_xml import read_facts

SIZE, MPP = 32, 0.5
PLACE = (20, 52)
"""Where the picture of the slide starts in an overlay, px."""

VIOLET = (110, 70, 150)
THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Seen:
    """A heatmap run, and what should have come of it.

    Attributes
    ----------
    out : Path
    pixels : (H, W, 3) uint8
        Level 0 of the slide.
    expected : Heatmap
        The answers for the pixels of the patches analysed, worked out without the slide reader.
    tolerance : float
        How far answers may be off: where pixels are reduced, they are rounded on the way.
    coarse : bool
        Whether pictures are of a coarser level than 0, and can be compared with a JPEG only.
    """

    out: object
    pixels: np.ndarray
    expected: Heatmap
    tolerance: float
    coarse: bool = False

    def file(self, suffix):
        return self.out / f"slide{suffix}"

    @property
    def made(self):
        return read_heatmap(self.file(".heatmap.h5"))

    def mean_at(self, x, y):
        """Mean of the answers over the patches that hold (x, y), level-0 px; NaN without any."""
        edge, xy = self.expected.grid.edge, self.expected.xy
        holds = ((xy <= (x, y)) & ((x, y) < xy + edge)).all(axis=1)
        return self.expected.scores[holds].mean(dtype=np.float64) if holds.any() else np.nan


def colourful(width=640, height=512):
    """Tissue on glass that turns from pink to violet, a little at each pixel, and back."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    share = 0.5 + 0.5 * np.sin(x / 61) * np.cos(y / 47)
    image = (1 - share[..., None]) * PINK + share[..., None] * VIOLET
    image[(x < 70) | (x >= 590) | (y < 50) | (y >= 470)] = GLASS
    return np.rint(image).astype(np.uint8)


def answers(made, pixels):
    """What the model should answer for each patch that was analysed."""
    grid, size = made.heatmap.grid, made.header.patch_size
    values = np.full(made.heatmap.values.shape, np.nan, np.float32)
    for row, column in np.argwhere(made.heatmap.analysed):
        x, y = grid.origin[0] + grid.stride * column, grid.origin[1] + grid.stride * row
        patch = pixels[y : y + grid.edge, x : x + grid.edge]
        assert patch.shape == (grid.edge, grid.edge, 3)
        if grid.edge != size:
            patch = cv2.resize(patch, (size, size), interpolation=cv2.INTER_AREA)
        values[row, column] = STAIN.answer(patch)
    return Heatmap(grid, values)


def seen(slide, folder, stride, mpp=MPP, size=SIZE, **more):
    """Run the model over a slide and work out what it should have said."""
    write_colour_bundle(folder / "bundle", size, mpp, colour=STAIN)
    (folder / "cohort.csv").write_text(f"slide_id,path\nslide,{slide}\n")
    words = [
        "heatmap",
        folder / "cohort.csv",
        "--model",
        folder / "bundle",
        "--out",
        folder / "out",
    ]
    words += ["--set", f"stride={stride}", "--set", f"threshold={THRESHOLD}"]
    words += ["--set", "picture_width=800", "--set", "tissue.min_area_um2=0"]
    done = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    assert done.exception is None, done.output
    pixels = tifffile.imread(slide, key=0)
    made = read_heatmap(folder / "out" / "slide.heatmap.h5")
    expected = answers(made, pixels)
    return Seen(folder / "out", pixels, expected, **more)


CASES = {
    "stride equal to the patch": (32, 0.5),
    "half of it": (16, 0.5),
    "not dividing it": (20, 0.5),
    "a finer slide": (32, 0.25),
    "a finer slide, half": (16, 0.25),
    "an edge that is no whole number": (16, 0.29),
    "patches apart": (40, 0.5),
}
"""Stride, px of the patch, and scale of the slide, um/px."""


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def run(request, tmp_path_factory):
    stride, mpp = request.param
    folder = tmp_path_factory.mktemp("alignment")
    slide = write_slide(folder / "slide.tif", colourful(), mpp, levels=1)
    return seen(slide, folder, stride, tolerance=1e-5)


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """A phantom of layer 1, a pyramid of JPEG tiles, at half its scale."""
    from layer1_extract.cli import cli as layer1

    folder = tmp_path_factory.mktemp("phantom")
    words = ["phantom", str(folder / "cohort"), "--slides", "1", "--size", "1024"]
    CliRunner().invoke(layer1, words, standalone_mode=False)
    (slide,) = (folder / "cohort").rglob("*.tif")
    return seen(slide, folder, stride=20, tolerance=0.02)


@pytest.fixture(scope="module", params=[96, 70])
def mosaic(request, shared_data, tmp_path_factory):
    """Real tissue, with a stride that is the patch's edge, and one that does not divide it."""
    (slide,) = (shared_data / "mosaic").rglob("patient_000_node_0.tif")
    folder = tmp_path_factory.mktemp("mosaic")
    return seen(slide, folder, request.param, mpp=0.972, size=96, tolerance=1e-5, coarse=True)


def assert_each_answer_is_that_of_its_own_pixels(run):
    made, expected = run.made.heatmap, run.expected

    assert made.analysed.sum() > 50
    assert np.array_equal(made.analysed, expected.analysed)
    assert np.ptp(expected.scores) > 0.4
    np.testing.assert_allclose(made.scores, expected.scores, atol=run.tolerance)


def assert_the_image_holds_the_mean_at_the_centre_of_each_pixel(run):
    mpp = run.made.header.level0_mpp
    with tifffile.TiffFile(run.file(".ome.tif")) as tiff:
        image, said = tiff.series[0].asarray(), tiff.ome_metadata
    pixels = tifffile.xml2dict(said)["OME"]["Image"]["Pixels"]
    step = pixels["PhysicalSizeX"] / mpp
    left, top = pixels["Plane"]["PositionX"] / mpp, pixels["Plane"]["PositionY"] / mpp

    wanted = [
        [
            run.mean_at(left + step * (c + 0.5), top + step * (r + 0.5))
            for c in range(image.shape[1])
        ]
        for r in range(image.shape[0])
    ]

    np.testing.assert_allclose(image, wanted, atol=run.tolerance)
    assert int(read_facts(said)["pixel_size_level0"]) == pytest.approx(step)


def assert_the_regions_are_the_cells_above_the_threshold(run):
    expected = run.expected
    sure = np.abs(expected.values - THRESHOLD) > run.tolerance
    rows, columns = np.nonzero(expected.analysed & sure)
    cells = shapely.box(*expected.cells(rows, columns).T.astype(float))
    above = expected.values[rows, columns] >= THRESHOLD

    for suffix in (".geojson", ".xml"):
        drawn = read_annotations(run.file(suffix)).tumor
        inside = shapely.area(shapely.intersection(drawn, cells)) / shapely.area(cells)
        np.testing.assert_allclose(inside, above)
        analysed = shapely.union_all(shapely.box(*expected.cells(*np.nonzero(expected.analysed)).T))
        assert drawn.difference(analysed).area == 0
    features = json.loads(run.file(".geojson").read_text())["features"]
    patches = sum(one["properties"]["measurements"]["Patches"] for one in features)
    assert abs(patches - above.sum()) <= (expected.analysed & ~sure).sum()


def assert_the_overlay_has_the_colour_of_each_place(run):
    picture = cv2.imread(str(run.file(".png")))[..., ::-1].astype(float)
    jpeg = cv2.imread(str(run.file(".slide.jpg")))[..., ::-1].astype(float)
    height, width = jpeg.shape[:2]
    shown = picture[PLACE[1] : PLACE[1] + height, PLACE[0] : PLACE[0] + width]
    scale = run.pixels.shape[1] / width
    pixels = cv2.resize(run.pixels, (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(jpeg - pixels).mean() < 6
    slide, tolerance = (jpeg, 24) if run.coarse else (pixels, 4)
    places = np.random.default_rng(0).integers(2, (width - 2, height - 2), (400, 2))
    checked = 0
    for column, row in places:
        around = [
            run.mean_at((column + dx + 0.5) * scale, (row + dy + 0.5) * scale)
            for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        if np.isnan(around).all():
            np.testing.assert_allclose(shown[row, column], slide[row, column], atol=tolerance)
        elif not np.isnan(around).any():  # no line around what was analysed
            *rgb, opacity = colours(np.array(around[0]))
            wanted = slide[row, column] * (1 - opacity) + 255 * np.array(rgb) * opacity
            np.testing.assert_allclose(shown[row, column], wanted, atol=tolerance)
            checked += 1
    assert checked > 50


EVERY_RESULT = [
    assert_each_answer_is_that_of_its_own_pixels,
    assert_the_image_holds_the_mean_at_the_centre_of_each_pixel,
    assert_the_regions_are_the_cells_above_the_threshold,
    assert_the_overlay_has_the_colour_of_each_place,
]
RESULT = pytest.mark.parametrize(
    "compare", EVERY_RESULT, ids=["file", "ome_tiff", "regions", "overlay"]
)


@RESULT
def test_every_result_lies_on_the_pixels_it_is_of(run, compare):
    compare(run)


@RESULT
def test_every_result_of_a_phantom_lies_on_its_pixels(phantom, compare):
    compare(phantom)


@RESULT
@pytest.mark.real_data
def test_every_result_of_real_tissue_lies_on_its_pixels(mosaic, compare):
    compare(mosaic)
