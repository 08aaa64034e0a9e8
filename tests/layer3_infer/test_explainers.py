from __future__ import annotations

import inspect

import pytest

from common.errors import ConfigError
from layer3_infer.explainers import EXPLAINERS, check_name


@pytest.mark.parametrize("name", EXPLAINERS)
def test_every_name_leads_to_what_makes_the_method_of_a_network(name):
    method = EXPLAINERS[name].load()

    assert len(inspect.signature(method).parameters) == 3
    assert method.__name__ == name
    assert EXPLAINERS[name].title


def test_a_mistyped_name_is_told_the_closest():
    with pytest.raises(ConfigError, match="Did you mean 'grad_cam'"):
        check_name("gradcam")
