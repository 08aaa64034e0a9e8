from __future__ import annotations

from pathlib import Path

import pytest

from common.config import load
from layer3_infer.config import (
    ConceptsSettings,
    EvaluateSettings,
    ExplainSettings,
    HeatmapSettings,
    ReportSettings,
    SlideModelSettings,
    SuggestSettings,
    ViewSettings,
)

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "layer3_infer"
KINDS = {
    "concepts": ConceptsSettings,
    "evaluate": EvaluateSettings,
    "heatmap": HeatmapSettings,
    "explain": ExplainSettings,
    "suggest": SuggestSettings,
}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_configuration_is_valid_and_opens_with_command_duration_and_result(path):
    load(KINDS[path.stem.split("_")[0]], path)

    command, duration, result, rest = path.read_text().split("\n", 3)
    assert command.startswith(f"# layer3-infer {path.stem.split('_')[0]} ")
    assert f"--config configs/layer3_infer/{path.name}" in command
    assert duration.startswith("# ")
    assert result.startswith("# ")
    assert not rest.startswith("#")


@pytest.mark.parametrize(
    "kind",
    [
        ConceptsSettings,
        HeatmapSettings,
        ExplainSettings,
        EvaluateSettings,
        ReportSettings,
        SlideModelSettings,
        SuggestSettings,
        ViewSettings,
    ],
)
def test_every_key_has_a_default(kind):
    assert load(kind) == kind()
