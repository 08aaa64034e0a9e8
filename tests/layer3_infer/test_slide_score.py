from __future__ import annotations

import numpy as np
import pytest

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.slide_score import SLIDE_SCORE, SlideScores, slide_scores

NAN = np.nan


def test_scores_count_only_what_was_analysed():
    values = np.array([[0.1, 0.5], [0.9, NAN]], np.float32)
    heatmap = Heatmap(Grid((0, 0), 100, 100, 2, 2), values)

    scores = slide_scores(heatmap, mpp=0.5, threshold=0.5)

    assert scores.analysed == 3
    assert scores.maximum == pytest.approx(0.9)
    assert scores.mean == pytest.approx(0.5)
    assert scores.share_above == pytest.approx(2 / 3)
    assert scores.area_above_mm2 == pytest.approx(2 * 0.05**2)
    assert scores.percentile_50 == pytest.approx(0.5)
    assert scores.percentile_90 == pytest.approx(0.82)
    assert scores.percentile_99_9 == pytest.approx(0.8992)


def test_regions_above_the_threshold_are_counted_and_the_longest_measured():
    values = np.array([[0.5, 0.9, 0.1], [0.1, 0.1, 0.9]], np.float32)
    scores = slide_scores(Heatmap(Grid((0, 0), 100, 100, 2, 3), values), mpp=0.5, threshold=0.5)

    assert scores.regions == 2
    assert scores.longest_um == pytest.approx(50 * 5**0.5)


def test_overlapping_patches_do_not_count_their_area_twice():
    heatmap = Heatmap(Grid((0, 0), 50, 100, 1, 2), np.ones((1, 2), np.float32))

    scores = slide_scores(heatmap, mpp=1.0, threshold=0.5)

    assert scores.area_above_mm2 == pytest.approx(2 * 0.05**2)


def test_a_slide_with_nothing_analysed_has_no_score():
    heatmap = Heatmap(Grid((0, 0), 4, 4, 1, 1), np.full((1, 1), NAN, np.float32))

    assert slide_scores(heatmap, 0.5, 0.5) == SlideScores(analysed=0)


def test_one_patch_of_tumour_makes_the_slide_score_high():
    values = np.zeros((30, 30), np.float32)
    values[7, 9] = 0.96
    scores = slide_scores(Heatmap(Grid((0, 0), 4, 4, 30, 30), values), 0.5, 0.5)

    assert getattr(scores, SLIDE_SCORE) == pytest.approx(0.96)
    assert scores.percentile_99 == 0
