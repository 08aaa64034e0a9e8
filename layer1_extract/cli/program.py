"""The program `layer1-extract` without its commands, and the options that several of them take."""

from __future__ import annotations

from typing import Final

import click

from common.cli import INPUT_PATH, OUTPUT_PATH, layer

cli: Final = layer("layer1-extract", "Layer 1 of CamNet: slides to patch files.")
SLIDES: Final = click.argument("slides", type=INPUT_PATH)
OUT: Final = click.option("--out", type=OUTPUT_PATH, required=True, help="Folder of the results.")
MPP: Final = click.option(
    "--mpp", type=float, help="Scale of slides that do not say theirs, um/px."
)
OVERWRITE: Final = click.option("--overwrite", is_flag=True, help="Replace finished results.")
