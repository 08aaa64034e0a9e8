"""Commands that test, gather, judge and use a folder of heatmaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from common.cli import (
    FILE_PATH,
    FOLDER_PATH,
    INPUT_PATH,
    MAX_FAILED,
    OUTPUT_PATH,
    Result,
    overridden,
    verb,
)
from layer3_infer.cli.program import HELD_OUT, MPP, OUT, RESULTS, cli

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.config import EvaluateSettings, SuggestSettings

_COHORT: Final = click.option(
    "--cohort",
    type=INPUT_PATH,
    show_default="what heatmap was given",
    help="SLIDES that should be there.",
)


@verb(cli)
@click.argument("files", type=FILE_PATH, nargs=-1, required=True)
def check(files: tuple[Path, ...]) -> Result:
    """Test whether FILES of results are whole and say what their heatmap says.

    Heatmap files, and the .ome.tif, .geojson, .xml and .csv of a slide, which need the heatmap
    they were made of beside them; merge names what is missing.
    """
    from layer3_infer import said
    from layer3_infer.result_check import check_results

    return said.of_check(check_results(files))


@verb(cli)
@RESULTS
@_COHORT
@MAX_FAILED
def merge(results: Path, cohort: Path | None, max_failed: float) -> Result:
    """Make sure that DIR holds every slide of its cohort; writes slides.csv anew.

    A slide without a whole result is named, and refused; with --cohort, one of which SLIDES or its
    file say something else by now is too, and slides that SLIDES lacks are not looked at. Slides
    that failed are reported, and do not stop the others unless they are more than --max-failed, or
    were out of reach of their host.
    """
    from common.cohort import read_cohort
    from layer3_infer import said
    from layer3_infer.merge import merge as merge_results
    from layer3_infer.results_folder import ResultsFolder

    entries = None if cohort is None else read_cohort(cohort)
    merged = merge_results(ResultsFolder(results), entries, max_failed=max_failed)
    return said.of_merge(merged, results)


@verb(cli)
@RESULTS
@_COHORT
def status(results: Path, cohort: Path | None) -> Result:
    """Say how many slides of DIR are done, empty, failed, out of reach, running, stopped, missing.

    Tells it from the files alone, while tasks are at work or after them, and changes none of them.
    """
    from layer3_infer.status import status as status_of

    return status_of(results, cohort)


@verb(
    cli,
    settings="layer3_infer.config:SuggestSettings",
    overrides=overridden(threshold="threshold", uncertain="uncertain"),
)
@RESULTS
@OUT
@click.option("--threshold", type=click.FloatRange(0, 1), help="Overrides the setting.")
@click.option("--uncertain", type=click.IntRange(0), help="Patches; overrides the setting.")
@click.option("--overwrite", is_flag=True, help="Suggest anew; what was corrected is set aside.")
def suggest(
    results: Path,
    out: Path,
    overwrite: bool,
    settings: SuggestSettings,
) -> Result:
    """Draw what the heatmaps in DIR suggest, for a person to correct and layer 1 to take back.

    Writes a GeoJSON for QuPath and an XML for ASAP per slide: regions above a threshold as Tumor,
    and the patches the model is least sure of as Uncertain, which is no label until changed.
    """
    from layer3_infer import said
    from layer3_infer.suggestions import suggest as suggest_slides

    return said.of_suggestions(*suggest_slides(results, out, settings, overwrite=overwrite), out)


@verb(cli, settings="layer3_infer.config:EvaluateSettings")
@click.argument("results", metavar="DIR", type=OUTPUT_PATH)
@click.option(
    "--annotations",
    type=INPUT_PATH,
    required=True,
    help="What is known: the cohort's folder or CSV, or a folder of annotations.",
)
@click.option("--detections", type=FOLDER_PATH, help="Others' detections: <slide_id>.csv of p,x,y.")
@click.option("--scores", type=FILE_PATH, help="Others' slide scores: CSV of slide_id,score.")
@click.option("--stages", type=FILE_PATH, help="Others' stages, as CAMELYON17's CSV.")
@HELD_OUT
@MPP
def evaluate(
    results: Path,
    annotations: Path,
    detections: Path | None,
    scores: Path | None,
    stages: Path | None,
    held_out: bool,
    mpp: float | None,
    settings: EvaluateSettings,
) -> Result:
    """Compare the heatmaps in DIR with annotations; writes DIR/evaluation.json.

    Tables of others stand in for heatmaps; with them alone, DIR is where to write.
    """
    from layer3_infer import said
    from layer3_infer.evaluation import Given, evaluate_folder

    given = Given(detections, scores, stages)
    evaluation = evaluate_folder(results, annotations, settings, given, mpp=mpp, held_out=held_out)
    return said.of_evaluation(evaluation, results)
