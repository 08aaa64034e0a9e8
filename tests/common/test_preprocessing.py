from __future__ import annotations

import logging

import numpy as np
import pytest
from pydantic import ValidationError
from stained_tissue import tissue

from common.preprocessing import Preprocessing, slide_stain
from common.stain import METHODS, Unchanged


def test_without_stain_normalisation_the_network_sees_the_pixels_as_scanned():
    patches = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)

    seen = Preprocessing()(patches)

    assert seen.dtype == np.float32
    assert np.array_equal(seen, patches)
    assert Preprocessing().fit(patches) == Unchanged()


@pytest.mark.parametrize("stain", METHODS)
def test_a_bundle_s_words_give_the_same_pixels(stain):
    patches = tissue()
    new = Preprocessing.of(stain, 16)
    read = Preprocessing.model_validate_json(new.model_dump_json())

    found = read.fit(patches)(patches)

    assert read == new
    assert found.dtype == np.uint8
    assert np.array_equal(found, new.fit(patches)(patches))
    assert not np.array_equal(found, patches)


def test_the_target_of_the_bundle_counts_and_not_that_of_the_software():
    patches = tissue()
    method = METHODS["macenko"]
    target = method.target.model_copy(update={"strength": (1.0, 1.0)})

    found = Preprocessing(stain="macenko", target=target).fit(patches)(patches)

    usual = Preprocessing.of("macenko", 64).fit(patches)(patches)
    assert found.mean() > usual.mean() + 10


@pytest.mark.parametrize("stain", METHODS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_patches_that_say_nothing_are_left_as_they_are_with_a_reason(stain, level):
    blank = np.full((4, 64, 64, 3), level, np.uint8)

    found = Preprocessing.of(stain, 64).fit(blank)

    assert found.fallback
    assert np.array_equal(found(blank), blank)


def test_the_log_tells_what_was_measured_of_which_slide_and_what_could_not_be(caplog):
    pale = np.full((4, 64, 64, 3), 250, np.uint8)
    with caplog.at_level(logging.INFO):
        slide_stain("good", tissue(), Preprocessing.of("macenko", 64))
        slide_stain("pale", pale, Preprocessing.of("macenko", 64))
        slide_stain("plain", pale, Preprocessing())

    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in said] == ["INFO", "WARNING"]
    assert said[0][1].startswith("good: stain measured on 4 patches: Macenko(")
    assert said[1][1].startswith("pale: colours are left as scanned: 0 of 16384 pixels")


@pytest.mark.parametrize(
    "values",
    [
        {"stain": "of the future"},
        {"stain": "none", "blur": 3},
        {"stain": "macenko"},
        {"stain": "macenko", "target": METHODS["reinhard"].target.model_dump()},
        {"stain": "none", "target": METHODS["reinhard"].target.model_dump()},
        {"stain": "macenko", "target": METHODS["macenko"].target.model_dump(), "patches": 0},
    ],
)
def test_a_preprocessing_this_software_does_not_know_is_refused(values):
    with pytest.raises(ValidationError):
        Preprocessing.model_validate(values)
