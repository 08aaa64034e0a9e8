"""Which patches of a slide are analysed: those on tissue, or those layer 1 names.

In level-0 pixels, on a dense grid.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ContractError
from common.geometry import Box
from common.grid import Grid
from common.patch_file import schema
from common.patch_file.folder import named_paths, part_violations
from common.patch_file.reader import PatchFile
from common.tissue import look, oddities

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patches import PatchSpec
    from common.slides import Slide
    from layer3_infer.config import HeatmapSettings

_ANEW: Final = "Extract it anew"
_PART: Final = r"\.part-\d+-of-\d+$"


@dataclass(frozen=True, eq=False)
class DenseLocations:
    """The patches to analyse on one slide.

    Attributes
    ----------
    grid : Grid
        Where patches may lie.
    xy : (N, 2) int64, level-0 px
        Corners of those to analyse, by row then by column.
    reason : str
        Why there are none; empty where there are some.
    suspect : str
        What is odd about the tissue found; empty where nothing is.
    notes : tuple of str
        What a reader of the answers must know.
    """

    grid: Grid
    xy: npt.NDArray[np.int64]
    reason: str = ""
    suspect: str = ""
    notes: tuple[str, ...] = ()


def on_tissue(slide: Slide, spec: PatchSpec, settings: HeatmapSettings) -> DenseLocations:
    """Every patch on the slide's grid with enough tissue, and not under a pen."""
    pyramid = slide.pyramid
    stride = spec.length_on(pyramid, settings.stride or spec.size)
    grid = Grid.inside(pyramid.bounds, spec.edge_on(pyramid), stride)
    corners = grid.corners()
    if not len(corners):
        size = f"{pyramid.width} x {pyramid.height} px"
        return DenseLocations(grid, corners, f"the slide, {size}, is smaller than a patch")
    found = look(slide.thumbnail(settings.tissue.mpp), pyramid, settings.tissue)
    mask, suspect = found.mask, oddities(found, settings.tissue)
    least = settings.tissue.min_fraction
    unmarked = mask.pen_coverage(corners, grid.edge) <= settings.tissue.max_pen_fraction
    xy = corners[unmarked & (mask.coverage(corners, grid.edge) >= least)]
    share = f"tissue covers {mask.fraction:.1%} of the slide"
    reason = "" if len(xy) else f"no patch has {least:.0%} tissue or more; {share}"
    return DenseLocations(grid, xy, reason, suspect, _lost(slide))


def _lost(slide: Slide) -> tuple[str, ...]:
    """Where no tissue could be found, because the slide's overview does not decode."""
    lost = slide.overview_lost
    share = f"{100 * lost:.2g} % of the overview does not decode: taken for glass, not analysed"
    return (share,) if lost else ()


def find_by_slide(folder: Path) -> dict[str, list[PatchFile]]:
    """The patch files of a folder by slide; several where a slide is in parts.

    A damaged file stays with the slide it is named after, which fails when it is read, as does one
    that lacks parts, see `refuse_gaps`: the other slides go on.
    """
    found: dict[str, list[PatchFile]] = defaultdict(list)
    for patch_file in map(PatchFile, named_paths(folder)):
        found[_slide_id(patch_file)].append(patch_file)
    return dict(found)


def refuse_gaps(files: Iterable[PatchFile]) -> None:
    """Refuse the files of a slide that are not all of its parts, or more than that.

    Raises
    ------
    ContractError
        Naming what is missing.
    """
    for violation in part_violations([file.path for file in files]):
        raise violation


def _slide_id(patch_file: PatchFile) -> str:
    try:
        return patch_file.header.slide_id
    except ContractError:
        return re.sub(_PART, "", patch_file.path.name.removesuffix(schema.SUFFIX))


def in_patch_files(files: Sequence[PatchFile], slide: Slide, spec: PatchSpec) -> DenseLocations:
    """The patches layer 1 found worth a look, on the grid it looked at.

    Those it kept, and those it rejected only because annotations call them neither tumour nor
    normal: what is analysed must not depend on what is known of the slide.

    Parameters
    ----------
    files : sequence of PatchFile
        All files of this slide.
    slide : Slide
    spec : PatchSpec
        The patches the network takes.

    Raises
    ------
    ContractError
        If the files are of another slide, scale or size, or not densely sampled.
    """
    refuse_gaps(files)
    grids: dict[Grid, PatchFile] = {}
    corners = [np.empty((0, 2), dtype=np.int64)]
    for patch_file in files:
        grids[_checked_grid(patch_file, slide, spec)] = patch_file
        corners += [patch_file.coords, _boundary(patch_file)]
    (grid, patch_file), *others = grids.items()
    if others:
        found = f"{others[0][0]} in {others[0][1].path.name}"
        raise ContractError(patch_file.path, "sampling", f"one grid, {grid}", found, _ANEW)
    xy = np.unique(np.concatenate(corners)[:, ::-1], axis=0)[:, ::-1].copy()
    try:
        grid.cells(xy)
    except ValueError as error:
        item = f"/{schema.COORDS}"
        raise ContractError(patch_file.path, item, str(grid), "corners off it", _ANEW) from error
    return DenseLocations(grid, xy, "" if len(xy) else "layer 1 kept no patch of this slide")


def _checked_grid(patch_file: PatchFile, slide: Slide, spec: PatchSpec) -> Grid:
    """The grid `patch_file` samples, if it is one of `slide` for `spec`."""
    header, pyramid, path = patch_file.header, slide.pyramid, patch_file.path
    if header.slide_fingerprint != slide.fingerprint:
        found = f"{header.slide_fingerprint} of another slide, or of this one before it changed"
        raise ContractError(path, "slide_fingerprint", slide.fingerprint, found, _ANEW)
    on_slide, edge = slide.spec_for(spec), spec.edge_on(pyramid)
    if not header.spec.agrees(on_slide) or header.patch_size_level0 != edge:
        raise ContractError(
            path,
            "patch_size, patch_mpp",
            f"what the model takes, {on_slide.size} px at {on_slide.mpp:g} um/px "
            f"({edge} level-0 px)",
            f"{header.patch_size} px at {header.patch_mpp:g} um/px "
            f"({header.patch_size_level0} level-0 px)",
            "Extract with the model's patch.size and patch.mpp, or leave out --patches",
        )
    return _grid(path, header, Box(0, 0, pyramid.width, pyramid.height))


def _grid(path: Path, header: schema.Header, bounds: Box) -> Grid:
    sampling: dict[str, Any] = header.sampling
    advice = "Extract with sampling.method dense, or leave out --patches"
    if sampling.get("method") != "dense":
        raise ContractError(path, "sampling.method", "dense", repr(sampling.get("method")), advice)
    try:
        x, y = (int(value) for value in sampling["origin"])
        box = Box(x, y, bounds.width - x, bounds.height - y)
        return Grid.inside(box, header.patch_size_level0, int(sampling["stride"]))
    except (KeyError, TypeError, ValueError) as error:
        expected = "origin (x, y) and stride, level-0 px"
        raise ContractError(path, "sampling", expected, repr(sampling), advice) from error


def _boundary(patch_file: PatchFile) -> npt.NDArray[np.int64]:
    reasons = patch_file.column(schema.REJECTED_REASON)
    return patch_file.column(schema.REJECTED_COORDS)[reasons == schema.REASONS["boundary"]]
