"""What a patch file says of itself, from what is known of its slide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.config import digest
from common.patch_file import schema
from common.provenance import software
from common.slides import reader_of
from layer1_extract.config import DenseSampling
from layer1_extract.sampling.dense import dense_grid

if TYPE_CHECKING:
    from common.cohort import SlideEntry
    from layer1_extract.config import ExtractSettings
    from layer1_extract.survey import Survey


def header_of(
    entry: SlideEntry, known: Survey, settings: ExtractSettings, part: int, parts: int
) -> schema.Header:
    """The root attributes of the patch file of a slide, or of one of its parts.

    Raises
    ------
    SlideError
        If the reader the settings ask for cannot read the slide.
    """
    slide, pyramid = known.slide, known.slide.pyramid
    return schema.Header(
        slide_id=entry.slide_id,
        patient=entry.patient,
        node=entry.node,
        centre=entry.centre,
        split=entry.split,
        patch_size=known.spec.size,
        patch_mpp=known.spec.mpp,
        patch_size_level0=known.edge,
        level0_mpp=pyramid.mpp,
        mpp_source=slide.mpp_source,
        level0_width=pyramid.width,
        level0_height=pyramid.height,
        slide_fingerprint=slide.fingerprint,
        reader=reader_of(slide, known.spec),
        sampling=_sampling(known, settings),
        config_sha256=digest(settings),
        software=software(),
        part=part,
        parts=parts,
    )


def _sampling(known: Survey, settings: ExtractSettings) -> dict[str, Any]:
    sampling = settings.sampling
    if not isinstance(sampling, DenseSampling):
        return sampling.model_dump(mode="json")
    grid = dense_grid(known.slide.pyramid, known.spec, sampling.stride)
    return {"method": "dense", "seed": None, "origin": list(grid.origin), "stride": grid.stride}
