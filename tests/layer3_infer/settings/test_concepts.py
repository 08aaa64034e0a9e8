from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.concepts import ConceptsSettings


def test_by_default_layers_measures_and_shuffles_are_chosen_for_the_user():
    settings = ConceptsSettings()

    assert (settings.layers, settings.measures, settings.shuffles) == ((), (), None)


@pytest.mark.parametrize(
    "override", ["ridge=0", "level=1", "folds=1", "layer_count=1", "most=5", "shuffles=10"]
)
def test_what_cannot_be_worked_with_is_refused(override):
    with pytest.raises(ConfigError, match=override.partition("=")[0]):
        load(ConceptsSettings, overrides=[override])


@pytest.mark.parametrize("key", ["layers", "measures", "discrete"])
def test_a_name_given_twice_is_refused(key):
    with pytest.raises(ConfigError, match=f"{key}.*found 'asm' twice"):
        load(ConceptsSettings, overrides=[f"{key}=[asm, contrast, asm]"])
