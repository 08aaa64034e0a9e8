from __future__ import annotations

import numpy as np
import pytest

from layer1_extract.phantom.stages import patient_stage, slide_stage, stages_csv


def square(diagonal_um):
    edge = diagonal_um / 0.25 / np.sqrt(2)
    return np.array([[0, 0], [edge, 0], [edge, edge], [0, edge]])


@pytest.mark.parametrize(
    ("diameter_um", "cells", "stage"),
    [
        (150, 20, "itc"),
        (150, 201, "micro"),
        (250, 20, "micro"),
        (1990, 9999, "micro"),
        (2010, 20, "macro"),
    ],
)
def test_a_slide_is_staged_by_its_widest_region_or_its_cells(diameter_um, cells, stage):
    assert slide_stage((square(50), square(diameter_um)), cells) == stage


def test_a_slide_without_tumour_is_negative():
    assert slide_stage((), 0) == "negative"


@pytest.mark.parametrize(
    ("slides", "stage"),
    [
        (["negative"], "pN0"),
        (["negative", "itc"], "pN0(i+)"),
        (["micro", "itc"], "pN1mi"),
        (["macro", "micro", "micro"], "pN1"),
        (["macro", "micro", "micro", "micro"], "pN2"),
    ],
)
def test_a_patient_is_staged_by_the_nodes(slides, stage):
    assert patient_stage(slides) == stage


def test_patients_come_before_their_slides_in_order():
    text = stages_csv({("p_1", "p_1_node_1"): "itc", ("p_1", "p_1_node_0"): "negative"})

    assert text == "patient,stage\np_1.zip,pN0(i+)\np_1_node_0.tif,negative\np_1_node_1.tif,itc\n"
