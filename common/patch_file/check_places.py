"""Whether the places of a patch file are where, and as many as, its sampling says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.errors import ContractError
from common.geometry import Box
from common.grid import Grid
from common.patch_file import schema
from common.patch_file.container import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile


def place_violations(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    """Places off the slide, out of order, taken twice, off the grid, or left out of it."""
    if not header.placed:
        if not (patch_file.coords == -1).all():
            item = f"/{schema.COORDS}"
            yield ContractError(patch_file.path, item, "-1 without a place", "places")
        return
    broken = [
        violation
        for name in (schema.COORDS, schema.REJECTED_COORDS)
        for violation in _column_violations(patch_file, name, header)
    ]
    yield from broken
    if not broken:
        yield from _both_kept_and_rejected(patch_file)
        if header.sampling["method"] == schema.DENSE:
            yield from _off_the_grid(patch_file, header)


def _column_violations(
    patch_file: PatchFile, name: str, header: schema.Header
) -> Iterator[ContractError]:
    coords, item = patch_file.column(name), f"/{name}"
    edge, size = header.patch_size_level0, (header.level0_width, header.level0_height)
    x, y = coords.T
    if not ((coords >= 0).all() and (x <= size[0] - edge).all() and (y <= size[1] - edge).all()):
        expected = f"patches inside the slide of {size[0]} x {size[1]} px"
        yield ContractError(patch_file.path, item, expected, "patches that leave it")
    same_row = y[1:] == y[:-1]
    if not ((y[1:] > y[:-1]) | (same_row & (x[1:] >= x[:-1]))).all():
        expected = "places by row, then by column"
        yield ContractError(patch_file.path, item, expected, "another order")
    elif twice := int((same_row & (x[1:] == x[:-1])).sum()):
        yield ContractError(patch_file.path, item, "no place twice", f"{twice} that are")


def _both_kept_and_rejected(patch_file: PatchFile) -> Iterator[ContractError]:
    kept, rejected = patch_file.coords, patch_file.column(schema.REJECTED_COORDS)
    if both := _shared(kept, rejected):
        expected = "places that were not kept"
        item = f"/{schema.REJECTED_COORDS}"
        yield ContractError(patch_file.path, item, expected, f"{both} that were")


def _shared(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> int:
    """Number of places in both of two lists, each without repeats."""
    every = np.concatenate([one, other])
    ordered = every[np.lexsort((every[:, 0], every[:, 1]))]
    return int((ordered[1:] == ordered[:-1]).all(axis=1).sum())


def _off_the_grid(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    """With dense sampling every corner of the grid is kept or rejected, and nothing else is."""
    with guarded(patch_file.path, "sampling", "a grid on the slide"):
        grid = _grid(header)
        columns = {
            name: patch_file.column(name) for name in (schema.COORDS, schema.REJECTED_COORDS)
        }
        for name, coords in columns.items():
            try:
                grid.cells(coords)
            except ValueError:
                expected = f"corners of the grid {grid}"
                yield ContractError(patch_file.path, f"/{name}", expected, "corners off it")
        looked_at, cells = sum(map(len, columns.values())), grid.rows * grid.columns
        if header.parts == 1 and looked_at != cells:
            found = f"{looked_at}"
            expected = f"{cells} places kept or rejected, one per corner of the grid"
            yield ContractError(patch_file.path, f"/{schema.REJECTED_COORDS}", expected, found)


def _grid(header: schema.Header) -> Grid:
    x, y = header.sampling["origin"]
    width, height = header.level0_width - x, header.level0_height - y
    return Grid.inside(
        Box(x, y, width, height), header.patch_size_level0, header.sampling["stride"]
    )
