"""Heatmaps to suggestions, corrected by a person, to labels as corrected."""

from __future__ import annotations

import json
from contextlib import closing
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from colour_model import GREEN, PINK, write_colour_bundle
from small_cohort import MPP, SIZE, TISSUE, filled
from tiff_slides import write_slide

from common.annotations import read_annotations
from common.patch_file.reader import PatchFile
from layer1_extract.cli import cli as layer1
from layer3_infer.cli import cli as layer3

WRONG = (480, 384, 544, 448)
"""A region of the model that the person deletes."""

SHIFTED = (288, 192, 384, 256)
"""A region of the model that lies beside the tumour; the person moves it."""

MOVED = (64, 96)


def call(cli, *words):
    done = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    assert done.exception is None, done.output


@pytest.fixture(scope="module")
def suggested(tmp_path_factory):
    """A folder with a slide, and one with what a model suggests of it."""
    folder = tmp_path_factory.mktemp("assistance")
    write_slide(folder / "slide.tif", filled((TISSUE, PINK), (WRONG, GREEN), (SHIFTED, GREEN)), MPP)
    (folder / "cohort.csv").write_text("slide_id,path\nslide,slide.tif\n")
    write_colour_bundle(folder / "bundle", SIZE, MPP)
    out = ("--out", folder / "out")
    call(layer3, "heatmap", folder / "cohort.csv", "--model", folder / "bundle", *out)
    call(layer3, "suggest", folder / "out", "--out", folder / "suggested", "--uncertain", 5)
    return folder


def extracted(folder, annotation, out):
    """Corners and labels that layer 1 gives with an annotation."""
    cohort = out.with_suffix(".csv")
    cohort.write_text(f"slide_id,path,annotation\nslide,{folder / 'slide.tif'},{annotation}\n")
    words = [f"patch={{size: {SIZE}, mpp: {MPP}}}", f"sampling={{method: dense, stride: {SIZE}}}"]
    call(layer1, "extract", cohort, "--out", out, *(w for one in words for w in ("--set", one)))
    with closing(PatchFile(out / "patches" / "slide.h5")) as patches:
        return patches.coords, patches.column("labels")


def corrected_geojson(source, target, *, keep_uncertain):
    document = json.loads(source.read_text())
    kept = []
    for feature in document["features"]:
        outline = shapely.geometry.shape(feature["geometry"])
        if feature["properties"]["classification"]["name"] == "Uncertain":
            kept += [feature] * keep_uncertain
        elif not outline.equals(shapely.box(*WRONG)):
            moved = shapely.affinity.translate(outline, *MOVED)
            kept.append({**feature, "geometry": json.loads(shapely.to_geojson(moved))})
    target.write_text(json.dumps({"type": "FeatureCollection", "features": kept}))


def corrected_xml(source, target, *, keep_uncertain):
    tree = ET.parse(source)
    annotations = tree.find("Annotations")
    for annotation in annotations.findall("Annotation"):
        corners = annotation.findall("Coordinates/Coordinate")
        first = min((float(corner.get("X")), float(corner.get("Y"))) for corner in corners)
        if annotation.get("PartOfGroup") == "Uncertain":
            if not keep_uncertain:
                annotations.remove(annotation)
        elif first == WRONG[:2]:
            annotations.remove(annotation)
        else:
            for corner in corners:
                for name, by in zip("XY", MOVED, strict=True):
                    corner.set(name, str(float(corner.get(name)) + by))
    tree.write(target)


CORRECTED = {"geojson": corrected_geojson, "xml": corrected_xml}


@pytest.mark.parametrize("kind", CORRECTED)
@pytest.mark.parametrize("keep_uncertain", [True, False])
def test_labels_are_those_of_the_corrected_suggestion(suggested, tmp_path, kind, keep_uncertain):
    source, target = suggested / "suggested" / f"slide.{kind}", tmp_path / f"corrected.{kind}"
    doubtful = read_annotations(source).uncertain
    CORRECTED[kind](source, target, keep_uncertain=keep_uncertain)

    xy, labels = extracted(suggested, target, tmp_path / "patches")

    squares = shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + SIZE, xy[:, 1] + SIZE)
    tumour = shapely.affinity.translate(shapely.box(*SHIFTED), *MOVED)
    expected = shapely.covers(tumour, squares).astype(int)
    unsure = shapely.area(shapely.intersection(doubtful, squares)) > 0
    if keep_uncertain:
        expected[unsure] = -1
    assert len(doubtful.geoms) == 5
    assert unsure.sum() >= 5
    assert np.array_equal(labels, expected)
    assert (labels == 1).sum() >= 4


@pytest.mark.parametrize("kind", CORRECTED)
def test_a_suggestion_of_doubts_alone_calls_nothing_normal(suggested, tmp_path, kind):
    call(
        *(layer3, "suggest", suggested / "out", "--out", tmp_path / "unsure"),
        *("--set", "min_area_um2=1e9"),
    )

    _, labels = extracted(suggested, tmp_path / "unsure" / f"slide.{kind}", tmp_path / "patches")

    assert len(labels) > 50
    assert set(labels.tolist()) == {-1}
