from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from staged_results import stage_slides

from common.errors import ConfigError
from common.grid import Grid
from layer3_infer.config import SlideModelSettings
from layer3_infer.heatmap import Heatmap
from layer3_infer.slide_features import slide_features
from layer3_infer.slide_model.fitting import cross_validate, fit
from layer3_infer.slide_model.known_class import BINARY, STAGES
from layer3_infer.slide_model.model import table

SETTINGS = SlideModelSettings(folds=3, replicates=50)


@pytest.fixture(scope="module")
def known():
    """Features, stages and patients of made-up slides."""
    slides, labels = stage_slides()
    features = [
        slide_features(Heatmap(Grid((0, 0), 64, 64, *v.shape), v), 0.25, [0.5, 0.9])
        for _, _, v in slides.values()
    ]
    stages = np.array([STAGES.index(labels[slide_id]) for slide_id in slides])
    return features, stages, np.array([patient for patient, _, _ in slides.values()])


@pytest.mark.parametrize("classes", [STAGES, BINARY])
def test_the_model_answers_as_the_regression_it_was_made_by(known, classes):
    features, stages, _ = known
    labels = np.minimum(stages, len(classes) - 1)
    made = fit(features, labels, classes, weight=2.0)

    values = table(features, made.features)
    reference = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=0.5, class_weight="balanced", max_iter=10_000, tol=1e-8),
    ).fit(values, labels)
    assert made.probabilities(features) == pytest.approx(reference.predict_proba(values), abs=1e-6)


def test_a_feature_that_never_changes_has_no_say(known):
    features, stages, _ = known
    constant = [{**slide, "maximum": 0.1 + 0.2} for slide in features]
    made = fit(constant, stages, STAGES, weight=1.0)
    other = [{**slide, "maximum": 0.9} for slide in features]

    assert made.probabilities(other) == pytest.approx(made.probabilities(constant), abs=1e-6)


def test_stages_that_regions_tell_apart_are_found_on_patients_held_out(known):
    found = cross_validate(*known, STAGES, SETTINGS)

    assert found["auc"]["value"] > 0.95
    assert found["kappa"] > 0.9
    assert np.array(found["confusion"]).sum() == len(known[0])


def test_labels_without_meaning_are_not_found(known):
    features, stages, patients = known
    shuffled = np.random.default_rng(1).permutation(stages)
    found = cross_validate(features, shuffled, patients, STAGES, SETTINGS)

    assert abs(found["kappa"]) < 0.5
    assert 0.2 < found["auc"]["value"] < 0.8


def test_no_patient_is_both_trained_on_and_held_out():
    """Features that give away the patient, whose label is the patient's, help nobody else."""
    rng = np.random.default_rng(0)
    patients = np.repeat([f"p{n:02d}" for n in range(24)], 4)
    labels = np.repeat(rng.permutation(np.arange(24) % 2), 4)
    codes = np.repeat(rng.normal(size=(24, 30)), 4, axis=0)
    slides = [{"maximum": 0.5} | {f"f{i}": value for i, value in enumerate(row)} for row in codes]

    found = cross_validate(slides, labels, patients, BINARY, SETTINGS)

    assert found["auc"]["value"] < 0.75


def test_the_same_seed_gives_the_same_figures(known):
    assert cross_validate(*known, STAGES, SETTINGS) == cross_validate(*known, STAGES, SETTINGS)


def test_folds_that_lack_a_class_are_refused(known):
    features, _, _ = known
    labels = np.zeros(len(features), int)
    labels[[0, 4]] = 1  # of one patient
    settings = SlideModelSettings(folds=2)
    with pytest.raises(ConfigError, match="folds: expected every class"):
        cross_validate(features, labels, np.arange(len(features)) % 4, BINARY, settings)
