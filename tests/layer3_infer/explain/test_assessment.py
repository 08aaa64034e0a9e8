from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_concepts import QUICK, plant
from scipy.ndimage import gaussian_filter

from layer3_infer.explain.assessment import assess
from layer3_infer.explain.finding import Origins, Values
from layer3_infer.explain.gradients import LayerView


@pytest.fixture(scope="module")
def planted():
    return plant()


def found(planted, plan=QUICK, views=None, **values):
    """Findings by concept, of the planted ones unless values are given."""
    concepts = [Values(name, own) for name, own in (values or planted.concepts).items()]
    views = views or {"layer": planted.view}
    findings = assess(views, concepts, planted.origins, plan)
    return {finding.concept: finding for finding in findings}


@pytest.fixture(scope="module")
def findings(planted):
    return found(planted)


def test_a_concept_the_score_follows_passes(findings):
    followed = findings["followed"]

    assert followed.passes
    assert followed.r2 > 0.8
    assert followed.tcav > 0.99
    assert followed.agreement == 1
    assert 0.3 < followed.sensitivity_mean < 0.6  # slope 1; features vary by about a half
    assert max(followed.r2_p_corrected, followed.sensitivity_p_corrected) < 0.05
    assert followed.br_scaled == 1


def test_a_concept_the_layer_holds_and_the_score_ignores_does_not_pass(findings):
    known = findings["known"]

    assert known.r2 > 0.8
    assert known.r2_p_corrected < 0.05
    assert not known.passes
    assert known.sensitivity_p > 0.05
    assert abs(known.sensitivity_mean) < 0.2


def test_a_concept_the_layer_does_not_hold_does_not_pass(findings):
    absent = findings["absent"]

    assert not absent.passes
    assert absent.r2 < 0.1
    assert absent.r2_p > 0.05


def test_against_tumour_is_a_negative_sensitivity():
    findings = found(plant(towards=-1))

    assert findings["followed"].passes
    assert findings["followed"].tcav == 0
    assert findings["followed"].sensitivity_mean < 0
    assert findings["followed"].br_scaled == -1


def test_what_slides_differ_in_neither_helps_nor_hides_a_concept(findings):
    without = found(plant(slide_effect=0))

    assert without["followed"].r2 == pytest.approx(findings["followed"].r2, abs=0.1)
    assert without["followed"].passes


def test_a_discrete_concept_is_found_and_measured_as_the_same_values_would_be(planted):
    present = (planted.concepts["along"] > 0).astype(float)
    concepts = [Values("along", present, discrete=discrete) for discrete in (True, False)]

    ((finding,), (same,)) = (
        assess({"layer": planted.view}, [concept], planted.origins, QUICK) for concept in concepts
    )

    assert finding.passes
    assert (finding.r2, finding.br) == (same.r2, same.br)
    assert finding.auc == pytest.approx((1 + 0.75) / 2, abs=0.1)
    assert finding.n_with == present.sum()
    assert (same.auc, same.n_with) == (None, None)


def test_shuffled_concepts_pass_no_more_often_than_chance(planted):
    rng = np.random.default_rng(3)
    own = planted.concepts["followed"]
    shuffled = {}
    for number in range(300):
        values = own.copy()
        for slide in range(6):
            rows = np.flatnonzero(planted.origins.slides == slide)
            values[rows] = rng.permutation(own[rows])
        shuffled[f"shuffled {number}"] = values

    findings = found(planted, replace(QUICK, shuffles=199, repeats=2), **shuffled).values()

    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean([finding.r2_p <= 0.05 for finding in findings]) <= most
    assert np.mean([finding.sensitivity_p <= 0.05 for finding in findings]) <= most
    assert np.mean([finding.tcav_p <= 0.05 for finding in findings]) <= most
    assert np.mean([max(f.r2_p, f.sensitivity_p) <= 0.05 for f in findings]) <= 0.02
    assert not any(finding.passes for finding in findings)


def test_a_score_that_is_linear_in_the_layer_gives_every_concept_an_extreme_tcav(planted):
    constant = np.broadcast_to(planted.view.gradients.mean(axis=0), planted.view.gradients.shape)
    views = {"layer": replace(planted.view, gradients=constant)}

    findings = found(planted, views=views)

    assert findings["followed"].passes
    assert (findings["followed"].tcav, findings["followed"].tcav_p > 0.2) == (1, True)
    assert findings["followed"].tcav_null_low == 0
    assert findings["followed"].tcav_null_high == 1


def test_the_same_seed_gives_the_same_findings_whatever_other_concepts_there_are(planted, findings):
    alone = found(planted, known=planted.concepts["known"])["known"]

    assert alone.r2_p == findings["known"].r2_p
    assert alone.sensitivity_z == pytest.approx(findings["known"].sensitivity_z)
    assert found(planted)["along"] == findings["along"]


def test_patches_without_a_value_are_left_out(planted):
    holes = planted.concepts["followed"].copy()
    holes[::3] = np.nan

    finding = found(planted, followed=holes)["followed"]

    assert finding.n == 200
    assert finding.passes


def few(values):
    return np.where(np.arange(len(values)) < 19, values, np.nan)


def of_one_patient(values):
    return np.where(np.arange(len(values)) % 6 < 2, values, np.nan)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (few, "19 patches have a value, of 20 needed"),
        (of_one_patient, "values of one patient only"),
        (np.zeros_like, "no value varies within the slides of two patients"),
        (lambda values: np.arange(len(values)) % 6.0, "no value varies within the slides"),
    ],
)
def test_what_cannot_be_assessed_says_why_and_stops_nothing_else(planted, change, reason):
    values = planted.concepts["followed"]

    findings = found(planted, wrong=change(values), followed=values)

    assert reason in findings["wrong"].reason
    assert findings["wrong"].r2 is None
    assert not findings["wrong"].passes
    assert findings["followed"].passes


EDGE = 7


def smooth(rng, count, sigma=2.0):
    """Independent smooth fields over EDGE x EDGE patches, (EDGE ** 2, count)."""
    around = 2 * int(4 * sigma)
    noise = rng.normal(size=(EDGE + around, EDGE + around, count))
    field = gaussian_filter(noise, (sigma, sigma, 0))
    half = around // 2
    return field[half:-half, half:-half].reshape(EDGE**2, count)


def smooth_cohort(rng, concepts, patients=5):
    """A layer and a score that follow one smooth field, and concepts that are others."""
    size = EDGE**2 * patients
    driven = np.concatenate([smooth(rng, 1)[:, 0] for _ in range(patients)])
    values = np.concatenate([smooth(rng, concepts) for _ in range(patients)])
    direction = np.linalg.qr(rng.normal(size=(8, 8)))[0][0]
    noise = 0.3 * driven.std() * rng.normal(size=(size, 8))
    gradients = (1 + 0.3 * rng.normal(size=(size, 1))) * direction
    view = LayerView(
        (np.outer(driven, direction) + noise).astype(np.float32),
        (gradients + 0.1 * rng.normal(size=(size, 8))).astype(np.float32),
    )
    slides = np.repeat(np.arange(patients), EDGE**2)
    places = np.tile(np.argwhere(np.ones((EDGE, EDGE))), (patients, 1)) * 448
    given = [Values(str(n), own) for n, own in enumerate(values.T)]
    return view, given, Origins(slides, slides, places)


def of_smooth_concepts(placed, cohorts=40, concepts=9):
    """What is found in each of many cohorts whose concepts have nothing to do with the score."""
    plan, rng = replace(QUICK, folds=5, shuffles=399, repeats=2), np.random.default_rng(5)
    for _ in range(cohorts):
        view, values, origins = smooth_cohort(rng, concepts)
        yield assess(
            {"layer": view}, values, origins if placed else replace(origins, places=None), plan
        )


def test_smooth_concepts_that_have_nothing_to_do_with_the_score_pass_no_more_often_than_said():
    found = list(of_smooth_concepts(placed=True))
    each = [finding for findings in found for finding in findings]

    assert np.mean([finding.r2_p <= 0.05 for finding in each]) <= 0.1
    assert np.mean([finding.sensitivity_p <= 0.05 for finding in each]) <= 0.1
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(found))
    assert np.mean([any(f.passes_alone for f in findings) for findings in found]) <= most


def test_smooth_concepts_without_places_are_taken_for_evidence_they_are_not():
    found = of_smooth_concepts(placed=False, cohorts=10)

    assert np.mean([f.sensitivity_p <= 0.05 for findings in found for f in findings]) > 0.25


def test_a_smooth_concept_that_the_score_follows_passes():
    view, _, origins = smooth_cohort(np.random.default_rng(1), 1)
    followed = view.activations.astype(float) @ view.gradients.mean(axis=0)

    (finding,) = assess({"layer": view}, [Values("followed", followed)], origins, QUICK)

    assert finding.passes_alone


@pytest.mark.parametrize("placed", [True, False])
def test_a_rare_concept_is_no_surer_than_the_ways_it_could_lie_allow(placed):
    rng = np.random.default_rng(0)
    rare = np.tile(np.arange(10) == 0, 2).astype(float)
    view = LayerView(
        np.outer(rare, np.ones(4)).astype(np.float32) + 0.01 * rng.normal(size=(20, 4)),
        np.ones((20, 4), np.float32),
    )
    slides = np.repeat([0, 1], 10)
    places = np.stack([np.arange(20) % 10, np.zeros(20, int)], axis=1) if placed else None

    (finding,) = assess(
        {"layer": view},
        [Values("rare", rare)],
        Origins(slides, slides, places),
        replace(QUICK, shuffles=3000),
    )

    assert min(finding.r2_p, finding.sensitivity_p / 2) > 0.005  # one of 10 x 10 ways
