"""The commands about slide models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import FILE_PATH, FOLDER_PATH, INPUT_PATH, OUTPUT_PATH, Result, layer, verb

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import SlideModelSettings

slide_model = layer("slide-model", "A small classifier of slides, by features of their heatmaps.")


@verb(slide_model, settings="layer3_infer.config:SlideModelSettings")
@click.argument("results", metavar="DIR...", type=FOLDER_PATH, nargs=-1, required=True)
@click.option(
    "--annotations",
    type=INPUT_PATH,
    required=True,
    help="What is known: the cohort's folder or CSV, or a folder of annotations.",
)
@click.option("--out", type=OUTPUT_PATH, required=True, help="The slide model's file, JSON.")
@click.option("--held-out", is_flag=True, help="Leave out slides the model was trained on.")
@click.option("--allow-seen", is_flag=True, help="Train on slides the model was trained on, too.")
@click.option("--overwrite", is_flag=True, help="Replace the file.")
def train(
    results: tuple[Path, ...],
    annotations: Path,
    out: Path,
    held_out: bool,
    allow_seen: bool,
    overwrite: bool,
    settings: SlideModelSettings,
) -> Result:
    """Train a slide model on the heatmaps in each DIR.

    Negative, itc, micro and macro where there are enough slides of each; else negative and
    positive. It is judged on patients held out from it.
    """
    from layer3_infer.slide_model import said
    from layer3_infer.slide_model.training import Seen, train_slide_model

    seen = Seen.of(held_out=held_out, allow_seen=allow_seen)
    made, left_out = train_slide_model(
        results, annotations, out, settings, seen=seen, overwrite=overwrite
    )
    return said.of_training(made, left_out, out)


@verb(slide_model)
@click.argument("results", metavar="DIR", type=FOLDER_PATH)
@click.option("--slide-model", "file", type=FILE_PATH, required=True, help="File that train wrote.")
def apply(results: Path, file: Path) -> Result:
    """Classify the slides in DIR; writes DIR/slide_predictions.csv."""
    from layer3_infer.results_folder import ResultsFolder
    from layer3_infer.slide_model import said
    from layer3_infer.slide_model.applying import apply_slide_model
    from layer3_infer.slide_model.model_file import read_slide_model

    predictions, errors = apply_slide_model(results, read_slide_model(file))
    return said.of_predictions(predictions, errors, ResultsFolder(results).slide_predictions)
