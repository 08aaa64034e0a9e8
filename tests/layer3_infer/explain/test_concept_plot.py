from __future__ import annotations

import cv2
import pytest

from layer3_infer.explain.concept_plot import write_plot
from layer3_infer.explain.concepts import of_measures
from layer3_infer.explain.finding import Finding

KNOWN = {
    "r2": 0.6, "r2_low": 0.5, "r2_high": 0.7, "r2_null_low": -0.1, "r2_null_high": 0.1,
    "tcav": 0.9, "tcav_null_low": 0.2, "tcav_null_high": 0.8, "sensitivity_mean": 1.0,
    "sensitivity_z": 6.0, "br_scaled": 1.0, "passes_alone": True, "passes": True,
}  # fmt: skip


def drawn(path, findings, names=("contrast", "asm"), discrete=()):
    write_plot(path, of_measures(names, discrete, 0.5), findings)
    return cv2.imread(str(path))


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    findings = [Finding(name, "$a_1$", 9, 2, **KNOWN) for name in ("contrast", "asm")]
    return drawn(tmp_path_factory.mktemp("plot") / "c.png", findings)


def test_a_picture_has_a_row_for_each_concept(picture, tmp_path):
    findings = [Finding("contrast", "a", 9, 2, **KNOWN)]
    single = drawn(tmp_path / "c.png", findings, names=("contrast",))

    assert picture.shape[1] == single.shape[1]
    assert picture.shape[0] > single.shape[0]


def test_what_speaks_against_tumour_is_drawn_in_another_colour(picture, tmp_path):
    against = {**KNOWN, "sensitivity_mean": -1.0, "sensitivity_z": -6.0, "br_scaled": -1.0}
    findings = [Finding(name, "$a_1$", 9, 2, **against) for name in ("contrast", "asm")]

    other = drawn(tmp_path / "c.png", findings)

    assert (reds(picture) > 0, reds(other)) == (True, 0)


def reds(picture):
    """Pixels of the colour that speaks for tumour."""
    return int((picture.reshape(-1, 3)[:, ::-1] == (178, 49, 47)).all(axis=1).sum())


def test_what_could_not_be_assessed_is_drawn_empty(tmp_path):
    findings = [Finding(name, "a", 3, 1, reason="too few") for name in ("contrast", "asm")]

    assert reds(drawn(tmp_path / "c.png", findings, discrete=("asm",))) == 0
