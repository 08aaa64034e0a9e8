from __future__ import annotations

import inspect

import pytest

from common.errors import ConfigError
from layer3_infer.explainers import EXPLAINERS, check_name


@pytest.mark.parametrize("name", EXPLAINERS)
def test_every_name_leads_to_a_class_made_from_a_network_and_called_with_patches(name):
    kind = EXPLAINERS[name].load()

    assert list(inspect.signature(kind).parameters) == ["network", "preprocessing", "layer"]
    assert list(inspect.signature(kind.__call__).parameters) == ["self", "patches"]
    assert EXPLAINERS[name].title


def test_a_mistyped_name_is_told_the_closest():
    with pytest.raises(ConfigError, match="Did you mean 'grad_cam'"):
        check_name("gradcam")
