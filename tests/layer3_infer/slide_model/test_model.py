from __future__ import annotations

import numpy as np
import pytest

from layer3_infer.slide_model.model import SlideModel, table

CLASSES = ("negative", "positive")


def model(**changes):
    values = {
        "features": ("maximum", "regions_above_0.5"),
        "means": np.array([0.5, np.log(2)]),
        "scales": np.array([0.25, 1.0]),
        "classes": CLASSES,
        "coefficients": np.array([[0.0, 0.0], [2.0, 1.0]]),
        "intercepts": np.array([0.0, -1.0]),
    }
    return SlideModel(**{**values, **changes})


def test_probabilities_are_a_softmax_of_standardised_features():
    slides = [{"maximum": 0.75, "regions_above_0.5": 3}, {"maximum": 0.5, "regions_above_0.5": 1}]

    found = model().probabilities(slides)

    expected = 1 / (1 + np.exp(-np.array([2 + np.log(2) - 1, -1.0])))
    assert found[:, 1] == pytest.approx(expected)
    assert found.sum(axis=1) == pytest.approx(1)


def test_a_slide_whose_features_are_not_known_has_no_probability():
    assert np.isnan(model().probabilities([{"maximum": np.nan, "regions_above_0.5": 0}])).all()


def test_numbers_that_would_overflow_give_probabilities_too():
    huge = model(coefficients=np.array([[0.0, 0.0], [1e6, 0.0]]))

    assert huge.probabilities([{"maximum": 1.0, "regions_above_0.5": 0}]).tolist() == [[0.0, 1.0]]


def test_only_features_that_span_orders_of_magnitude_are_taken_by_their_logarithm():
    slide = {"maximum": 0.5, "longest_um_above_0.9": np.e - 1, "share_above_0.9": 0.25}

    assert table([slide], list(slide)).tolist() == [[0.5, pytest.approx(1), 0.25]]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("means", np.zeros(3), r"means: expected \(2,\) finite numbers"),
        ("coefficients", np.zeros((1, 2)), r"coefficients: expected \(2, 2\)"),
        ("intercepts", np.array([0.0, np.nan]), "intercepts: expected"),
        ("scales", np.array([1.0, 0.0]), "scales: expected numbers greater than 0"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(name, value, message):
    with pytest.raises(ValueError, match=message):
        model(**{name: value})
