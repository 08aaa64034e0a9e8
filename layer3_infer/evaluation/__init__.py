"""What a model says of slides against what is known of them."""

from __future__ import annotations

from layer3_infer.evaluation.answers import Given
from layer3_infer.evaluation.pipeline import evaluate_folder

__all__ = ["Given", "evaluate_folder"]
