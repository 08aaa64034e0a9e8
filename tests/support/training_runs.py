"""Whether two trainings on several ranks came out the same."""

from __future__ import annotations

import csv

import h5py
import numpy as np
import pytest


def history(run):
    """What each epoch brought, without its wall time."""
    with (run / "history.csv").open() as stream:
        return [
            {name: float(value) for name, value in line.items() if name != "seconds"}
            for line in csv.DictReader(stream)
        ]


def last_weights(run):
    with h5py.File(run / "checkpoints" / "last.h5") as file:
        group = file["variables"]
        return [np.asarray(group[name], np.float64) for name in sorted(group)]


def assert_same_training(one, other):
    """Every epoch and the last weights agree, but for the order in which ranks' sums are added."""
    assert len(history(one)) == len(history(other))
    for first, second in zip(history(one), history(other), strict=True):
        assert first == pytest.approx(second, rel=1e-4, abs=1e-5)
    for first, second in zip(last_weights(one), last_weights(other), strict=True):
        assert np.allclose(first, second, atol=1e-4)
