from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_concepts import QUICK, plant

from layer3_infer.explain.assessment import assess
from layer3_infer.explain.finding import Values


@pytest.fixture(scope="module")
def planted():
    return plant()


def found(planted, plan=QUICK, views=None, **values):
    """Findings by concept, of the planted ones unless values are given."""
    concepts = [Values(name, own) for name, own in (values or planted.concepts).items()]
    views = views or {"layer": planted.view}
    findings = assess(views, concepts, planted.patients, planted.slides, plan)
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


def test_a_discrete_concept_is_found_by_its_auc(planted):
    present = (planted.concepts["along"] > 0).astype(float)
    concepts = [Values("along", present, discrete=True)]

    (finding,) = assess({"layer": planted.view}, concepts, planted.patients, planted.slides, QUICK)

    assert finding.passes
    assert 0.5 < finding.r2 <= 1


def test_shuffled_concepts_pass_no_more_often_than_chance(planted):
    rng = np.random.default_rng(3)
    own = planted.concepts["followed"]
    shuffled = {}
    for number in range(300):
        values = own.copy()
        for slide in range(6):
            rows = np.flatnonzero(planted.slides == slide)
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
