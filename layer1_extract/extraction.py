"""One slide to one patch file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from common.config import digest
from common.files import remove_stale_partials, writable
from common.outcomes import Outcome
from common.patch_file import schema
from common.patch_file.reader import FOLDER as PATCH_FOLDER
from common.patch_file.writer import PatchWriter, open_writer
from common.provenance import software
from common.truth import annotation_hash
from layer1_extract.candidates import screening
from layer1_extract.config import DenseSampling, ExtractSettings
from layer1_extract.filtering import pixel_reasons
from layer1_extract.preview import write_preview
from layer1_extract.sampling.dense import dense_grid
from layer1_extract.sampling.random import generator, propose_random
from layer1_extract.selection import Selected, Selector
from layer1_extract.spool import Spool
from layer1_extract.survey import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.slides import Slide
    from layer1_extract.candidates import Candidates

PREVIEW_FOLDER = "previews"
_COHORT_SAYS = ("patient", "node", "centre", "split", "slide_label")


def patch_path(out: Path, slide_id: str) -> Path:
    """Where the patch file of a slide lies in a folder of results."""
    return out / PATCH_FOLDER / f"{slide_id}{schema.SUFFIX}"


def preview_path(out: Path, slide_id: str) -> Path:
    """Where the preview of a slide lies in a folder of results."""
    return out / PREVIEW_FOLDER / f"{slide_id}.png"


def extract_slide(
    entry: SlideEntry,
    out: Path,
    settings: ExtractSettings,
    *,
    part: int = 0,
    parts: int = 1,
    threads: int = 1,
    masks: Path | None = None,
) -> Outcome:
    """Write the patch file and the preview of one slide.

    A slide that gives no patch has a patch file too: it accounts for every candidate.

    Raises
    ------
    SlideError
        If the slide or its annotation cannot be read.
    """
    known = survey(entry, settings)
    path = patch_path(out, entry.slide_id)
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    remove_stale_partials(path)
    storage = settings.storage
    with open_writer(
        path, _header(entry, known, settings), storage.codec, storage.quality
    ) as writer:
        _write(writer, known, settings, path.parent)
        counts = writer.finish()
    write_preview(preview_path(out, entry.slide_id), known, path)
    inputs = inputs_of(entry, known.slide)
    if counts["kept"]:
        reason = _shortfall(known, settings, counts)
        return Outcome(entry.slide_id, "done", reason, counts, inputs=inputs)
    return Outcome(entry.slide_id, "empty", _why_empty(known, counts), counts, inputs=inputs)


def inputs_of(entry: SlideEntry, slide: Slide) -> dict[str, str]:
    """What, beside the configuration, the patches of a slide and their labels follow from.

    Raises
    ------
    SlideError
        If the slide or its annotation cannot be read.
    """
    return {
        "slide_fingerprint": slide.fingerprint,
        "level0_mpp": repr(slide.pyramid.mpp),
        "annotation_sha256": annotation_hash(entry),
        **{name: getattr(entry, name) for name in _COHORT_SAYS},
    }


def _write(writer: PatchWriter, known: Survey, settings: ExtractSettings, folder: Path) -> None:
    """Go through the selection; what is kept reaches the file by row, then by column."""
    with_pixels = settings.storage.codec != "none"
    steps = _rejecting(writer, _steps(known, settings))
    if isinstance(settings.sampling, DenseSampling):
        for step in steps:
            _append(writer, step.kept, step.patches if with_pixels else None)
        return
    with Spool(folder, known.spec.size) as spool:
        for step in steps:
            spool.add(step)
        for kept, patches in spool.ordered():
            _append(writer, kept, patches if with_pixels else None)


def _rejecting(writer: PatchWriter, steps: Iterator[Selected]) -> Iterator[Selected]:
    """Pass the steps on, and account for what they rejected."""
    for step in steps:
        for name, code in schema.REASONS.items():
            xy = step.rejected.xy[step.rejected.reasons == code]
            if len(xy):
                writer.reject(xy, name)
        yield step


def _append(writer: PatchWriter, kept: Candidates, patches: npt.NDArray[np.uint8] | None) -> None:
    writer.append(kept.xy, kept.labels, kept.tumor_fraction, kept.tissue_fraction, patches)


def _steps(known: Survey, settings: ExtractSettings) -> Iterator[Selected]:
    slide, spec, sampling = known.slide, known.spec, settings.sampling
    if isinstance(sampling, DenseSampling):
        proposed, quota = dense_grid(slide.pyramid, spec, sampling.stride).corners(), None
    else:
        rng = generator(sampling.seed, slide.slide_id)
        proposed = propose_random(known.mask, slide.pyramid, spec, rng)
        quota = dict.fromkeys(known.truth.classes, sampling.per_class)
    selector = Selector(
        screen=screening(known.mask, known.truth, known.edge, settings, mpp=slide.pyramid.mpp),
        read=partial(_read, known),
        judge=partial(pixel_reasons, settings=settings.filter),
        quota=quota,
    )
    return selector.steps(proposed)


def _read(known: Survey, xy: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Pixels at (N, 2) level-0 corners, (N, S, S, 3) uint8."""
    patches = np.empty((len(xy), known.spec.size, known.spec.size, 3), dtype=np.uint8)
    for row, (x, y) in enumerate(xy.tolist()):
        patches[row] = known.slide.read(x, y, known.spec)
    return patches


def _header(entry: SlideEntry, known: Survey, settings: ExtractSettings) -> schema.Header:
    slide = known.slide
    return schema.Header(
        slide_id=entry.slide_id,
        patient=entry.patient,
        node=entry.node,
        centre=entry.centre,
        split=entry.split,
        patch_size=known.spec.size,
        patch_mpp=known.spec.mpp,
        patch_size_level0=known.edge,
        level0_mpp=slide.pyramid.mpp,
        mpp_source=slide.mpp_source,
        level0_width=slide.pyramid.width,
        level0_height=slide.pyramid.height,
        slide_fingerprint=slide.fingerprint,
        reader=slide.reader,
        sampling=_sampling(known, settings),
        config_sha256=digest(settings),
        software=software(),
    )


def _sampling(known: Survey, settings: ExtractSettings) -> dict[str, Any]:
    sampling = settings.sampling
    if isinstance(sampling, DenseSampling):
        grid = dense_grid(known.slide.pyramid, known.spec, sampling.stride)
        return {
            "method": "dense",
            "seed": None,
            "origin": list(grid.origin),
            "stride": grid.stride,
        }
    return {"method": "random", "seed": sampling.seed, "per_class": sampling.per_class}


def _shortfall(known: Survey, settings: ExtractSettings, counts: dict[str, int]) -> str:
    """Which classes the slide does not hold enough of; empty with dense sampling."""
    if isinstance(settings.sampling, DenseSampling):
        return ""
    wanted = settings.sampling.per_class
    names = [schema.LABEL_NAMES[label] for label in known.truth.classes]
    short = [f"{counts[name]} of {wanted} {name}" for name in names if counts[name] < wanted]
    return f"the slide holds no more: {', '.join(short)} patches" if short else ""


def _why_empty(known: Survey, counts: dict[str, int]) -> str:
    pyramid = known.slide.pyramid
    if min(pyramid.width, pyramid.height) < known.edge:
        return (
            f"the slide of {pyramid.width} x {pyramid.height} px is smaller than one patch of "
            f"{known.edge} px: choose a smaller patch, or leave the slide out"
        )
    if not known.mask.tissue.any():
        return "no tissue found; look at its preview, and at the tissue settings"
    reasons = ", ".join(f"{counts[name]} {name}" for name in schema.REASONS if counts[name])
    return f"every candidate was rejected: {reasons or 'none fits the slide'}"
