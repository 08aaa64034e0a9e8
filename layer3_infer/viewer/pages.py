"""The two pages that are served: the list of slides, and one slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from common.errors import ContractError
from common.provenance import software
from layer3_infer.viewer.deep_zoom import DeepZoom
from layer3_infer.viewer.pictures import EmbeddedPicture
from layer3_infer.viewer.scene import Mark, Scene, Source
from layer3_infer.viewer.shapes import Shape, read_regions
from layer3_infer.viewer.templates import environment
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer3_infer.viewer.table import SlideTable, ViewedSlide

_TOP: int = 6


def list_page(table: SlideTable) -> str:
    """Every slide with a link to it."""
    page = environment().get_template("viewer/list.html")
    return page.render(results=table.results, software=software())


def slide_page(table: SlideTable, number: int) -> str:
    """One slide with its layers.

    Raises
    ------
    ContractError
        If its heatmap cannot be read.
    """
    viewed = table.slide(number)
    regions, notes = _regions(table, viewed)
    page = environment().get_template("viewer/slide.html")
    return page.render(
        name=viewed.result.slide_id,
        result=viewed.result,
        scene=_scene(table, viewed, regions),
        notes=(*viewed.notes, *notes, *viewed.result.warnings),
        number=number,
        last=len(table.results) - 1,
        software=software(),
    )


def _scene(table: SlideTable, viewed: ViewedSlide, regions: Sequence[Shape]) -> Scene:
    slide, heatmap = viewed.pyramid, viewed.made.heatmap
    zoom = DeepZoom(slide.width, slide.height, table.settings.tile_size)
    tiles = "_files/{level}/{column}_{row}"
    corners, scores = heatmap.top(_TOP)
    return Scene(
        slide.width,
        slide.height,
        slide.mpp,
        _picture(table, viewed)
        if viewed.tiles is None
        else Source(zoom=zoom, address=f"slide{tiles}.jpg"),
        Source(zoom=zoom, address=f"heatmap{tiles}.png"),
        viewed.annotations,
        regions,
        [
            Mark("places", place, x, y, heatmap.grid.edge, f"P(tumour) {probability(score)}")
            for place, ((x, y), score) in enumerate(zip(corners.tolist(), scores, strict=True), 1)
        ],
    )


def _picture(table: SlideTable, viewed: ViewedSlide) -> Source:
    """The stored picture, where the slide itself is not at hand."""
    path = table.folder.picture(viewed.result.slide_id)
    data = np.frombuffer(path.read_bytes() if path.exists() else b"", np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if pixels is None:
        advice = "Run layer3-infer heatmap again, or give --slides"
        raise ContractError(path, "picture", "a picture", "none", advice)
    return Source(EmbeddedPicture("picture.jpg", pixels.shape[1], pixels.shape[0]))


def _regions(table: SlideTable, viewed: ViewedSlide) -> tuple[Sequence[Shape], tuple[str, ...]]:
    try:
        return read_regions(table.folder.geojson(viewed.result.slide_id), 1.0), ()
    except ContractError as error:
        return (), (f"regions not drawn: {error}",)
