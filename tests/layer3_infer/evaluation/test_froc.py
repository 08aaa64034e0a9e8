from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import label, regionprops

from common.annotations.shapes import merged
from layer3_infer.evaluation.detections import Detections
from layer3_infer.evaluation.froc import RATES, Froc, SlideHits, hits_of
from layer3_infer.evaluation.lesions import find_lesions

MPP = 0.5
EDGE_UM = 1200

probability = st.sampled_from([0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.9, 1.0])
slide = st.builds(
    lambda false, found: SlideHits(np.array(false, float), np.array(found, float)),
    st.lists(probability, max_size=6),
    st.lists(st.one_of(st.just(0.0), probability), max_size=3),
)
with_a_lesion = st.lists(slide, min_size=1, max_size=5).filter(
    lambda slides: any(len(one.found) for one in slides)
)
with_a_miss = with_a_lesion.filter(lambda slides: any((one.found == 0).any() for one in slides))


def summary(slides):
    return Froc(slides).summary(np.ones(len(slides)))


def curve(slides):
    return Froc(slides).curve(np.ones(len(slides)))


def by_force(slides, drop):
    """Score and sensitivities, one threshold after the other; `drop` says which not to look at."""
    false = [p for one in slides for p in one.false_positives]
    true = [p for one in slides for p in one.found]
    points = [(0.0, 0.0)]
    for threshold in sorted(set(false + true), reverse=True):
        if not drop(threshold, min(false + true)):
            alarms = sum(p >= threshold for p in false) / len(slides)
            points.append((alarms, sum(p >= threshold for p in true) / len(true)))
    at = [_straight(points, rate) for rate in RATES]
    return [sum(at) / len(at), *at]


def _straight(points, rate):
    """Height at `rate` of the line through `points`, the highest where it rises upright."""
    before = [point for point in points if point[0] <= rate]
    after = [point for point in points if point[0] > rate]
    x0, y0 = before[-1]
    if not after:
        return y0
    x1, y1 = after[0]
    return y0 + (y1 - y0) * (rate - x0) / (x1 - x0)


@settings(deadline=None)
@given(with_a_lesion)
def test_the_score_is_that_of_counting_at_every_threshold(slides):
    assert summary(slides) == pytest.approx(by_force(slides, lambda p, _: p == 0))


@settings(deadline=None)
@given(with_a_miss)
def test_it_is_the_official_programs_wherever_a_lesion_is_missed(slides):
    assert summary(slides) == pytest.approx(by_force(slides, lambda p, lowest: p == lowest))


def test_a_detector_that_is_right_everywhere_has_a_score_of_one():
    """The official program drops the one threshold there is, and says 0."""
    assert (
        summary([SlideHits(np.empty(0), np.ones(3)), SlideHits(np.empty(0), np.empty(0))])[0] == 1
    )


@settings(deadline=None)
@given(with_a_lesion, st.floats(0.2, 5))
def test_only_the_order_of_probabilities_counts(slides, power):
    bent = [SlideHits(one.false_positives**power, one.found**power) for one in slides]

    assert summary(bent) == pytest.approx(summary(slides))


@settings(deadline=None)
@given(with_a_lesion, st.randoms(use_true_random=False))
def test_the_order_of_slides_does_not_matter(slides, random):
    shuffled = random.sample(slides, len(slides))

    assert summary(shuffled) == pytest.approx(summary(slides))


@settings(deadline=None)
@given(with_a_lesion, st.randoms(use_true_random=False))
def test_a_count_is_as_good_as_a_repetition(slides, random):
    counts = [random.randint(0, 3) for _ in slides]
    repeated = [one for one, count in zip(slides, counts, strict=True) for _ in range(count)]

    counted = Froc(slides).summary(np.array(counts, float))

    assert counted == pytest.approx(summary(repeated), nan_ok=True)


@settings(deadline=None)
@given(with_a_lesion)
def test_the_curve_never_falls_and_starts_at_nothing(slides):
    false_positives, sensitivity = curve(slides)

    assert (false_positives[0], sensitivity[0]) == (0, 0)
    assert (np.diff(false_positives) >= 0).all()
    assert (np.diff(sensitivity) >= 0).all()
    assert sensitivity[-1] <= 1


@settings(deadline=None)
@given(with_a_lesion, probability)
def test_one_more_false_alarm_never_raises_the_score(slides, alarm):
    first = slides[0]
    worse = SlideHits(np.append(first.false_positives, alarm), first.found)

    assert summary([worse, *slides[1:]])[0] <= summary(slides)[0] + 1e-12


def test_without_any_lesion_there_is_no_score():
    assert np.isnan(summary([SlideHits(np.array([0.9]), np.empty(0))])).all()
    assert np.isnan(summary([])).all()


def test_without_any_detection_the_score_is_zero():
    assert summary([SlideHits(np.empty(0), np.zeros(2))]).tolist() == [0] * 7


def test_slides_without_tumour_count_among_those_alarms_are_shared_by():
    hit = SlideHits(np.array([0.9]), np.array([0.5]))
    clean = SlideHits(np.empty(0), np.empty(0))

    assert curve([hit])[0][-1] == 1
    assert curve([hit, clean, clean, clean])[0][-1] == 0.25


def test_a_lesion_and_an_alarm_of_equal_probability_count_at_once():
    false_positives, sensitivity = curve([SlideHits(np.array([0.5]), np.array([0.5]))])

    assert list(zip(false_positives, sensitivity, strict=True)) == [(0, 0), (1, 1)]


def square(x, y, edge_um):
    return shapely.box(x, y, x + edge_um / MPP, y + edge_um / MPP)


def test_the_best_of_several_detections_is_the_lesions_score_and_others_are_not_counted():
    lesions = find_lesions(merged([square(0, 0, 400)]), MPP)

    hits = hits_of(
        Detections(np.array([0.3, 0.9, 0.7]), np.array([[9, 9], [99, 9], [9, 99.0]])), lesions
    )

    assert hits.found.tolist() == [0.9]
    assert not len(hits.false_positives)


@pytest.mark.parametrize(("beside_um", "inside"), [(37, True), (38, False)])
def test_a_detection_beside_a_lesion_counts_up_to_its_margin(beside_um, inside):
    lesions = find_lesions(merged([square(0, 0, 400)]), MPP)

    hits = hits_of(Detections(np.array([0.9]), np.array([[-beside_um / MPP, 300]])), lesions)

    assert hits.found.tolist() == [0.9 if inside else 0]
    assert len(hits.false_positives) == (not inside)


def test_a_detection_in_isolated_tumour_cells_is_neither_right_nor_wrong():
    lesions = find_lesions(merged([square(0, 0, 50)]), MPP)

    hits = hits_of(Detections(np.array([0.9, 0.8]), np.array([[9.0, 9], [5000, 5000]])), lesions)

    assert not len(hits.found)
    assert (hits.itc, hits.in_itc) == (1, 1)
    assert hits.false_positives.tolist() == [0.8]


def test_every_detection_on_a_slide_without_lesions_is_wrong():
    assert hits_of(Detections(np.array([0.4]), np.zeros((1, 2))), []).false_positives.tolist() == [
        0.4
    ]


def official_hits(tumor, detections):
    """Hits on a mask of 1 um pixels, as the official program finds them."""
    y, x = np.mgrid[:EDGE_UM, :EDGE_UM] + 0.5
    mask = shapely.contains_xy(tumor, x / MPP, y / MPP)
    grown = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~mask) < 37.5)
    labels = label(grown, connectivity=2)
    counts = [region.axis_major_length >= 275 for region in regionprops(labels)]
    found, false = np.zeros(len(counts)), []
    for p, (left, top) in zip(detections.probability, detections.xy * MPP, strict=True):
        number = labels[int(top), int(left)]
        if number == 0:
            false.append(p)
        else:
            found[number - 1] = max(found[number - 1], p)
    return sorted(false), sorted(found[np.array(counts, bool)])


@pytest.mark.parametrize("seed", range(8))
def test_hits_are_those_of_the_official_mask(seed):
    """Squares on a coarse grid, and no detection within 3 um of an outline."""
    rng = np.random.default_rng(seed)
    places, edges = rng.choice(25, 9, replace=False), rng.choice([20, 60, 150, 190], 9)
    corners = [(110 + 200 * (n % 5), 110 + 200 * (n // 5)) for n in places]
    tumor = merged([square(x / MPP, y / MPP, e) for (x, y), e in zip(corners, edges, strict=True)])
    lesions = find_lesions(tumor, MPP)
    xy = rng.uniform(0, EDGE_UM / MPP, (60, 2))
    outlines = shapely.union_all([lesion.area.exterior for lesion in lesions])
    xy = xy[shapely.distance(shapely.points(xy), outlines) > 3 / MPP]
    detections = Detections(rng.choice([0.2, 0.4, 0.6, 0.8, 1], len(xy)), xy)

    hits = hits_of(detections, lesions)

    false, found = official_hits(tumor, detections)
    assert sorted(hits.false_positives) == false
    assert sorted(hits.found) == found
