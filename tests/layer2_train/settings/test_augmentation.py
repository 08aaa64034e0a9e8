from __future__ import annotations

import pytest
from pydantic import ValidationError

from layer2_train.settings.augmentation import AugmentationSettings, ColourJitter, StainJitter


def test_colours_are_not_jittered_unless_asked_for():
    assert not any(AugmentationSettings().colour_jitter.model_dump().values())


def test_one_number_of_stain_jitter_is_scale_and_shift():
    found = AugmentationSettings.model_validate({"stain_jitter": 0.1})

    assert found.stain_jitter == StainJitter(scale=0.1, shift=0.1)


@pytest.mark.parametrize(
    "values",
    [{"brightness": 1.0}, {"contrast": -0.1}, {"saturation": 2}, {"hue": 0.6}, {"gamma": 0.1}],
)
def test_what_would_leave_no_picture_is_refused(values):
    with pytest.raises(ValidationError):
        ColourJitter.model_validate(values)
