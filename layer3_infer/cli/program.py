"""The program `layer3-infer` without its commands, and the options that several of them take."""

from __future__ import annotations

from typing import Final

import click

from common.cli import FOLDER_PATH, OUTPUT_PATH, layer

cli: Final = layer(
    "layer3-infer", "Layer 3 of CamNet: slides and a model to heatmaps, explanations and a report."
)
RESULTS: Final = click.argument("results", metavar="DIR", type=FOLDER_PATH)
MODEL: Final = click.option(
    "--model", type=FOLDER_PATH, required=True, help="Model bundle that layer 2 wrote."
)
OUT: Final = click.option("--out", type=OUTPUT_PATH, required=True, help="Folder of the results.")
HELD_OUT: Final = click.option(
    "--held-out", is_flag=True, help="Only slides whose patient the model was not trained on."
)
MPP: Final = click.option(
    "--mpp", type=float, help="Scale of slides that do not say theirs, um/px."
)
OVERWRITE: Final = click.option("--overwrite", is_flag=True, help="Replace finished results.")
