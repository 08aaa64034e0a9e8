"""Everything that is written from a finished heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.annotations import read_annotations
from common.errors import SlideError
from common.files import whole_file
from common.staging import brought
from layer3_infer.asap import write_asap
from layer3_infer.drawn import Source, drawn_regions
from layer3_infer.geojson import write_geojson
from layer3_infer.ome_tiff import write_ome_tiff
from layer3_infer.overlay import picture_mpp, write_overlay
from layer3_infer.patch_table import write_patch_table
from layer3_infer.regions import find_regions
from layer3_infer.top_patches import write_top_patches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.slides import Slide
    from common.staging import Desk
    from layer3_infer.config import HeatmapSettings
    from layer3_infer.heatmap_file import HeatmapFile
    from layer3_infer.results_folder import ResultsFolder

_JPEG_QUALITY: Final = 90


def write_outputs(
    folder: ResultsFolder,
    slide: Slide,
    made: HeatmapFile,
    settings: HeatmapSettings,
    classes: Sequence[str],
    annotation: Path | None = None,
    desk: Desk | None = None,
) -> str:
    """Write overlay, pictures of slide and top patches, image, regions and table of patches.

    The picture is of the scanned area alone: label and macro images are never read.

    Parameters
    ----------
    folder : ResultsFolder
    slide : Slide
    made : HeatmapFile
    settings : HeatmapSettings
        With the threshold of the regions.
    classes : sequence of str
        Names of the model's classes.
    annotation : Path or None
        Known tumour, drawn on the overlay.
    desk : Desk or None
        Where the image is written before it is brought to its place.

    Returns
    -------
    str
        Why the annotation could not be drawn; empty if it was, or there is none.
    """
    slide_id, heatmap = slide.slide_id, made.heatmap
    outlines, problem = _outlines(annotation, slide.pyramid, settings.mask_tumor)
    picture = slide.thumbnail(picture_mpp(slide.pyramid, settings.picture_width))
    _write_jpeg(folder.picture(slide_id), picture)
    write_overlay(folder.overlay(slide_id), picture, heatmap, slide.pyramid, slide_id, outlines)
    write_top_patches(folder.top(slide_id), slide, made)
    with brought(folder.ome_tiff(slide_id), desk) as local:
        write_ome_tiff(local, made)
    _write_regions(folder, made, settings.threshold)
    write_patch_table(folder.table(slide_id), heatmap, classes)
    return problem


def _write_regions(folder: ResultsFolder, made: HeatmapFile, threshold: float | None) -> None:
    assert threshold is not None
    header, source = made.header, Source.of(made.header, threshold)
    areas = drawn_regions(find_regions(made.heatmap, header.level0_mpp, threshold))
    write_geojson(folder.geojson(header.slide_id), areas, source)
    write_asap(folder.asap(header.slide_id), areas, source)


def _outlines(
    annotation: Path | None, pyramid: Pyramid, mask_tumor: int | None
) -> tuple[list[npt.NDArray[np.float64]], str]:
    """Rings to draw, and why there are none. The heatmap does not need them."""
    if annotation is None:
        return [], ""
    try:
        return read_annotations(annotation, pyramid, mask_tumor).outlines(), ""
    except SlideError as error:
        return [], f"annotation not drawn: {error}"


def _write_jpeg(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    bgr = np.ascontiguousarray(picture[..., ::-1])
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    assert done
    with whole_file(path) as partial:
        partial.write_bytes(encoded.tobytes())
