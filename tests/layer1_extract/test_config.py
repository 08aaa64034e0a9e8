from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer1_extract.config import DenseSampling, ExtractSettings, ImportSettings


def test_a_config_may_hold_two_lines(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("patch: {size: 96, mpp: native}\nsampling: {method: dense}\n")

    settings = load(ExtractSettings, path)

    assert settings.patch.mpp == "native"
    assert settings.sampling == DenseSampling(stride=None)
    assert settings.labels.tumor_min == 0.5


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("labels.normal_max=0.6", "expected normal_max below tumor_min, which is 0.5"),
        ("patch.mpp=0", r"patch\.mpp"),
        ("patch.mpp=nativ", r"patch\.mpp.*'native'"),
        ("sampling.method=dens", "sampling"),
        ("sampling.stride=3", r"sampling\.stride: no such key"),
        ("tissue.mpp=.inf", r"tissue\.mpp"),
        ("filter.white_level=300", r"filter\.white_level"),
        ("storage.codec=png", r"storage\.codec"),
        ("sampling.draws=501", "expected draws of at most per_class, which is 500"),
        ("sampling.strata=slide", r"sampling\.strata"),
        ("sampling.min_distance_um=-1", r"sampling\.min_distance_um"),
        ("labels.rule=center", r"labels\.rule.*'center'"),
        ("labels.margin_um=-1", r"labels\.margin_um"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(ExtractSettings, None, [override])


def test_the_scale_of_imports_has_no_default():
    assert ImportSettings().mpp is None
