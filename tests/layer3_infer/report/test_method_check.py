from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from common.errors import ConfigError
from layer3_infer.explain import sanity_check
from layer3_infer.explain.sanity import Depth, Sanity
from layer3_infer.report.method_check import NUMBERS, method_check


def sanity(method, rank):
    return Sanity(method, 4, 0.5, (Depth("conv", 1, rank, 0.3, rank, 0.3),))


@pytest.fixture
def folder(tmp_path):
    found = [sanity("grad_cam", 0.1), sanity("lime", 0.9)]
    rows = [{**asdict(one), "passes": one.passes, "verdict": one.verdict} for one in found]
    (tmp_path / NUMBERS).write_text(json.dumps({"model_sha256": "m", "methods": rows}))
    return tmp_path


def test_each_method_has_its_own_verdict(folder):
    good, bad = method_check(folder, "grad_cam", "m"), method_check(folder, "lime", "m")

    assert (good.passes, bad.passes) == (True, False)
    assert good.verdict == sanity("grad_cam", 0.1).verdict
    assert "do not rely on them" in bad.verdict


def test_of_another_model_or_method_or_without_a_check_there_is_none(folder, tmp_path):
    assert method_check(folder, "grad_cam", "other") is None
    assert method_check(folder, "grad_cam_pp", "m") is None
    assert method_check(tmp_path / "none", "lime", "m") is None


def test_a_broken_check_is_named(folder):
    (folder / NUMBERS).write_text("{")

    with pytest.raises(ConfigError, match=r"sanity\.json: expected JSON"):
        method_check(folder, "lime", "m")


def test_its_name_is_the_one_it_is_written_under():
    assert NUMBERS == sanity_check.NUMBERS
