"""The page about one slide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from common.errors import ContractError, SlideError
from common.geometry import Box, Pyramid
from common.provenance import software
from layer3_infer.blending import blend, spread
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.report.caution import Caution, cautions_of
from layer3_infer.report.explained import ExplainedPatches, explained_patches
from layer3_infer.report.side_by_side import SideBySide
from layer3_infer.top_patches import HEAD
from layer3_infer.viewer.annotated import annotated_shapes
from layer3_infer.viewer.heat_layer import heat_layer
from layer3_infer.viewer.pictures import EmbeddedPicture, embed, read_picture, reduced
from layer3_infer.viewer.scene import Mark, Scene, Source
from layer3_infer.viewer.shapes import read_regions
from layer3_infer.viewer.templates import standalone
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.cohort import SlideEntry
    from layer3_infer.config import ReportSettings
    from layer3_infer.heatmap_file import HeatmapFile
    from layer3_infer.report.names import Names
    from layer3_infer.report.recorded import Recorded
    from layer3_infer.slide_result import SlideResult

TOP_PATCHES: Final = 6
_REGIONS_LISTED: Final = 12
_SCRIPTS: Final = ("viewer/viewer.js", "viewer/problem.js")
_STYLES: Final = ("viewer/page.css", "viewer/viewer.css")


@dataclass(frozen=True)
class SlidePictures:
    """What the page shows of a slide whose files are all there.

    Attributes
    ----------
    scene : Scene
    thumbnail : EmbeddedPicture
        With the heatmap over it, for the page about the cohort.
    top_picture : EmbeddedPicture
    top : sequence of Mark
        Patches of highest probability.
    explained : sequence of ExplainedPatches
    """

    scene: Scene
    thumbnail: EmbeddedPicture
    top_picture: EmbeddedPicture
    top: Sequence[Mark]
    explained: Sequence[ExplainedPatches]


@dataclass(frozen=True)
class SlidePage:
    """What is known for the page of one slide.

    Attributes
    ----------
    result : SlideResult
    cautions : sequence of Caution
    pictures : SlidePictures or None
        None where the slide failed, or its results are incomplete.
    """

    result: SlideResult
    cautions: Sequence[Caution]
    pictures: SlidePictures | None = None


def slide_page(
    recorded: Recorded,
    result: SlideResult,
    settings: ReportSettings,
    entry: SlideEntry | None = None,
) -> SlidePage:
    """Gather what the page of a slide shows.

    Parameters
    ----------
    recorded : Recorded
    result : SlideResult
    settings : ReportSettings
    entry : SlideEntry or None
        Where its annotation is, if it is to be shown.
    """
    cautions = cautions_of(result, recorded.run)
    if result.status == "failed" or not result.made_by(recorded.run):
        return SlidePage(result, cautions)
    try:
        pictures, problem = _pictures(recorded, result, settings, entry)
    except ContractError as error:
        text = f"Results incomplete, run heatmap again: {error}"
        return SlidePage(result, [Caution("incomplete", text, grave=True), *cautions])
    said = [Caution("", problem)] if problem else []
    return SlidePage(result, [*cautions, *said], pictures)


def slide_html(
    page: SlidePage, recorded: Recorded, names: Names, home: str, settings: ReportSettings
) -> str:
    """The page as HTML; `home` is the address of the page about the cohort."""
    result = page.result
    files = () if names.hidden else recorded.folder.of_slide(result.slide_id)
    return standalone(
        "report/slide.html",
        _SCRIPTS,
        _STYLES,
        title=settings.title,
        home=home,
        name=names.of("slide", result.slide_id),
        patient=names.of("patient", result.patient),
        centre=names.of("centre", result.centre),
        result=result,
        cautions=[Caution(c.short, names.text(c.text), c.grave) for c in page.cautions],
        pictures=page.pictures,
        side_by_side=SideBySide.of(page.pictures.explained if page.pictures else ()),
        prediction=names.told(recorded.predictions.get(result.slide_id, {})),
        regions=page.pictures.scene.regions[:_REGIONS_LISTED] if page.pictures else (),
        files=[path.name for path in files if path.exists()],
        provenance=_provenance(result, recorded, names),
        software=software(),
    )


def _provenance(result: SlideResult, recorded: Recorded, names: Names) -> dict[str, Any]:
    """Who made it, with what; what points at the slide's own file is left out where names are."""
    run = recorded.run
    found = {
        "software": run.get("software"),
        "run started": run.get("started"),
        "seconds": f"{result.seconds:g}" if result.seconds else None,
        "model, SHA-256": run.get("model_sha256"),
        "configuration, SHA-256": run.get("config_sha256"),
    }
    if not names.hidden:
        found |= {key.replace("_sha256", ", SHA-256"): v for key, v in result.inputs.items()}
        found = {k: v for k, v in found.items() if k not in {"patient", "node", "centre"}}
        found = {k: v for k, v in found.items() if k not in {"model, SHA-256 ", "config, SHA-256"}}
    return {key: value for key, value in found.items() if value}


def _pictures(
    recorded: Recorded, result: SlideResult, settings: ReportSettings, entry: SlideEntry | None
) -> tuple[SlidePictures, str]:
    """The pictures, and why the annotation is not shown.

    Raises
    ------
    ContractError
        If a file is not there, or cannot be read.
    """
    folder, slide_id = recorded.folder, result.slide_id
    made = read_heatmap(folder.heatmap(slide_id))
    picture = reduced(read_picture(folder.picture(slide_id)), settings.picture_width)
    header, quality = made.header, settings.jpeg_quality
    box = Box(0, 0, header.level0_width, header.level0_height)
    top_picture = reduced(read_picture(folder.top(slide_id))[HEAD:], settings.picture_width)
    model = str(recorded.run.get("model_sha256", ""))
    explained = explained_patches(
        folder.path, slide_id, model, header.level0_mpp, settings.explanations
    )
    tolerance = box.width / picture.shape[1] / 2
    problem, annotations = "", ()
    try:
        annotations = annotated_shapes(entry, _pyramid(made), tolerance)
    except SlideError as error:
        problem = f"annotation not drawn: {error}"
    top = _top(made)
    scene = Scene(
        box.width,
        box.height,
        header.level0_mpp,
        Source(embed(picture, ".jpg", quality)),
        Source(embed(heat_layer(made.heatmap, box, picture.shape[:2]), ".png")),
        annotations,
        read_regions(folder.geojson(slide_id), tolerance),
        [*top, *(mark for one in explained for mark in one.marks)],
    )
    small = reduced(picture, settings.thumbnail_width)
    shown = blend(small, spread(made.heatmap, _pyramid(made), small.shape[:2]))
    pictures = SlidePictures(
        scene, embed(shown, ".jpg", 75), embed(top_picture, ".jpg", quality), top, explained
    )
    return pictures, problem


def _pyramid(made: HeatmapFile) -> Pyramid:
    header = made.header
    return Pyramid(((header.level0_width, header.level0_height),), header.level0_mpp)


def _top(made: HeatmapFile) -> list[Mark]:
    corners, scores = made.heatmap.top(TOP_PATCHES)
    return [
        Mark(
            "places", number, x, y, made.heatmap.grid.edge, f"P(tumour) {probability(float(score))}"
        )
        for number, ((x, y), score) in enumerate(zip(corners.tolist(), scores, strict=True), 1)
    ]
