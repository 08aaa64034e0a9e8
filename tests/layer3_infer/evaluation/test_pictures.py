from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation.comparison import PatchComparison, SlideComparison
from layer3_infer.evaluation.froc import SlideHits
from layer3_infer.evaluation.froc_summary import of_froc
from layer3_infer.evaluation.pictures import write_froc, write_roc
from layer3_infer.evaluation.roc_summary import of_patches, of_slides

QUICK = EvaluateSettings(replicates=20)


def slides(found):
    rng = np.random.default_rng(0)
    return [
        SlideComparison(
            str(n),
            str(n),
            positive=bool(n % 2),
            score=float(rng.random()),
            patches=PatchComparison(np.array([0, 1, 1], np.int8), rng.random(3, np.float32)),
            hits=SlideHits(rng.random(3), rng.random(found)),
        )
        for n in range(6)
    ]


def evaluation(compared):
    scores = {one.slide_id: one.score for one in compared}
    return {
        "froc": of_froc(compared, QUICK),
        "slides": of_slides(compared, scores, QUICK),
        "patches": of_patches(compared, QUICK),
    }


def inked(path):
    """Share of pixels that are not white."""
    with Image.open(path) as image:
        return float((np.asarray(image.convert("L")) < 250).mean())


@pytest.mark.parametrize("write", [write_froc, write_roc])
def test_a_curve_is_drawn(tmp_path, write):
    compared = slides(found=2)

    write(tmp_path / "curve.png", compared, evaluation(compared))

    assert inked(tmp_path / "curve.png") > 0.01


def test_a_curve_that_is_not_defined_leaves_no_picture_of_before(tmp_path):
    compared = [SlideComparison("a")]
    for name in ("froc.png", "roc.png"):
        (tmp_path / name).write_text("of before")

    write_froc(tmp_path / "froc.png", compared, evaluation(compared))
    write_roc(tmp_path / "roc.png", compared, evaluation(compared))

    assert not list(tmp_path.iterdir())
