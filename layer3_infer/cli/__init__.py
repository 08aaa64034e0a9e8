"""The commands of layer 3: those of a kind in a module of their own."""

from __future__ import annotations

from common.cli import run
from layer3_infer.cli.explanations import concepts, explain
from layer3_infer.cli.heatmaps import heatmap, plan
from layer3_infer.cli.machine import doctor
from layer3_infer.cli.pages import report, view
from layer3_infer.cli.program import cli
from layer3_infer.cli.results import check, evaluate, merge, status, suggest
from layer3_infer.slide_model.cli import slide_model

__all__ = [
    "check",
    "cli",
    "concepts",
    "doctor",
    "evaluate",
    "explain",
    "heatmap",
    "main",
    "merge",
    "plan",
    "report",
    "status",
    "suggest",
    "view",
]
cli.add_command(slide_model)


def main() -> None:
    """Console script `layer3-infer`."""
    run(cli)
