"""A folder of layer 3's results about one slide of known colours, written without a network."""

from __future__ import annotations

import json

import cv2
import numpy as np
from tiff_slides import asap, write_slide

from common.cohort.entry import SlideEntry
from common.grid import Grid
from common.outcomes import write_outcome
from common.slide_reader import slide_of
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import Header as ExplanationHeader
from layer3_infer.explain.explanation_file import SlideExplanations, write_explanations
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import Header, write_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_score import slide_scores

WIDTH, HEIGHT, MPP, EDGE = 3000, 2000, 0.5, 100
GLASS, PINK, GREEN = (243, 243, 243), (225, 130, 180), (40, 170, 60)
TISSUE = (500, 400, 2500, 1700)
TUMOUR = (1200, 700, 1600, 1000)
"""Left, top, right, bottom, level-0 px; on the grid of the patches."""

MADE_WITH = {
    "model_sha256": "a" * 64,
    "config_sha256": "c" * 64,
    "preprocessing_sha256": "b" * 64,
    "threshold": "0.5",
}


def write_results(folder, slide_id="green", **changes):
    """Results in ``folder/results``, the slide and its annotation in ``folder/slides``."""
    image = np.full((HEIGHT, WIDTH, 3), GLASS, np.uint8)
    for (left, top, right, bottom), colour in ((TISSUE, PINK), (TUMOUR, GREEN)):
        image[top:bottom, left:right] = colour
    path = write_slide(folder / "slides" / f"{slide_id}.tif", image, MPP, levels=2)
    left, top, right, bottom = TUMOUR
    outline = [(left, top), (right, top), (right, bottom), (left, bottom)]
    (folder / "slides" / f"{slide_id}.xml").write_text(asap([outline]))
    made = Heatmap(Grid((0, 0), EDGE, EDGE, HEIGHT // EDGE, WIDTH // EDGE), _answers())
    slide, results = slide_of(SlideEntry(slide_id, path)), ResultsFolder(folder / "results")
    write_heatmap(results.heatmap(slide_id), _header(slide), made)
    small = cv2.resize(image[..., ::-1], (1500, 1000), interpolation=cv2.INTER_AREA)
    results.path.joinpath(f"{slide_id}.slide.jpg").write_bytes(cv2.imencode(".jpg", small)[1])
    cv2.imwrite(str(results.top(slide_id)), np.full((300, 900, 3), 255, np.uint8))
    results.geojson(slide_id).write_text(json.dumps(_regions(outline)))
    values = {
        "counts": {"analysed": int(made.analysed.sum()), "grid": made.values.size},
        "inputs": dict(MADE_WITH),
        "scores": slide_scores(made, MPP, 0.5),
        "mpp": MPP,
        "mpp_source": "openslide.mpp-x",
        **changes,
    }
    write_outcome(results.path, SlideResult(slide_id, "done", **values))
    (results.path / "run.json").write_text(json.dumps(MADE_WITH))
    return results.path


def write_one_explanation(results, slide_id="green"):
    """One explained patch: all of it speaks for tumour."""
    header = ExplanationHeader(
        method="grad_cam",
        target="tumor",
        slide_id=slide_id,
        slide_fingerprint="f",
        patch_size=EDGE,
        patch_mpp=MPP,
        model_sha256=MADE_WITH["model_sha256"],
        seen_in_split="",
        config_sha256="c",
        patches_config_sha256="p",
        software="test 1",
    )
    one = Explanation(
        method="grad_cam",
        target="tumor",
        raw=np.ones((EDGE, EDGE), np.float32),
        patch=np.full((EDGE, EDGE, 3), (20, 20, 250), np.uint8),
        slide_id=slide_id,
        x=2000,
        y=1400,
        probability=0.9,
        label=1,
    )
    path = results / f"{slide_id}.grad_cam.h5"
    write_explanations(path, SlideExplanations(header, (one,)))


def _regions(outline):
    ring = [*outline, outline[0]]
    measured = {"Area um2": 30000.0, "P(tumor) mean": 1.0, "P(tumor) max": 1.0, "Patches": 12}
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"objectType": "annotation", "measurements": measured},
    }
    return {"type": "FeatureCollection", "features": [feature]}


def _answers():
    values = np.full((HEIGHT // EDGE, WIDTH // EDGE), np.nan, np.float32)
    for (left, top, right, bottom), answer in ((TISSUE, 0.0), (TUMOUR, 1.0)):
        values[top // EDGE : bottom // EDGE, left // EDGE : right // EDGE] = answer
    return values


def _header(slide):
    return Header(
        slide_id=slide.slide_id,
        slide_fingerprint=slide.fingerprint,
        level0_width=WIDTH,
        level0_height=HEIGHT,
        level0_mpp=MPP,
        mpp_source="openslide.mpp-x",
        reader="test 1",
        patch_size=EDGE,
        patch_mpp=MPP,
        locations="tissue",
        model_sha256=MADE_WITH["model_sha256"],
        seen_in_split="",
        config_sha256=MADE_WITH["config_sha256"],
        software="test 1",
    )
