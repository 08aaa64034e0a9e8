from __future__ import annotations

import inspect

import pytest

from layer3_infer.explain.analysed_patches import AnalysedPatches
from layer3_infer.explain.source import Source
from layer3_infer.explain.stored_patches import StoredPatches


@pytest.mark.parametrize("kind", [StoredPatches, AnalysedPatches])
@pytest.mark.parametrize("name", ["facts", "scores", "read"])
def test_every_source_is_asked_in_the_same_way(kind, name):
    def asked(of):
        parameters = inspect.signature(getattr(of, name)).parameters.values()
        return [parameter.kind for parameter in parameters]

    assert asked(kind) == asked(Source)
