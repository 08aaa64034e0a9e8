"""Settings of layer 3, one class per verb; each is a module of `layer3_infer.settings`."""

from __future__ import annotations

from layer3_infer.settings.concepts import ConceptsSettings
from layer3_infer.settings.evaluate import EvaluateSettings
from layer3_infer.settings.explain import ExplainSettings
from layer3_infer.settings.heatmap import HeatmapSettings
from layer3_infer.settings.report import ReportSettings
from layer3_infer.settings.slide_model import SlideModelSettings
from layer3_infer.settings.suggest import SuggestSettings
from layer3_infer.settings.view import ViewSettings

__all__ = [
    "ConceptsSettings",
    "EvaluateSettings",
    "ExplainSettings",
    "HeatmapSettings",
    "ReportSettings",
    "SlideModelSettings",
    "SuggestSettings",
    "ViewSettings",
]
