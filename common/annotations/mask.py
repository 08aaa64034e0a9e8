"""Mask TIFFs as annotations: CAMELYON's, ASAP's and binary ones.

Which number is tumour must be sure. A mask of 0 and 255 says so itself. One of 0, 1 and 2 does
not: masks are about in which 2 is tumour and 1 normal tissue, and the script that ASAP and the
CAMELYON17 site give writes 1 for metastases and 2 for normal. Such a mask is refused until the
number is stated.

The mask is read at its coarsest level of at most `FINEST_MPP`, every second, fourth, ... pixel
where that is finer still, and its pixels become polygons along their edges, so nothing else has to
know that there was a mask.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from common.annotations.mask_file import MaskLevel, open_mask
from common.annotations.regions import Annotations
from common.annotations.shapes import merged, polygonal, refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.geometry import Pyramid

FINEST_MPP: Final = 2.0
"""Scale of the level to read, um/px: a quarter of a cell."""

MOST_RECTANGLES: Final = 1_000_000
"""A mask that falls into more pieces is noise."""

_BINARY: Final = 255
_LABELS: Final = frozenset({0, 1, 2})
_MOST_SHOWN: Final = 8


def read_mask(source: Path, slide: Pyramid, tumor: int | None = None) -> Annotations:
    """The tumour that the mask TIFF `source` marks on `slide`.

    Parameters
    ----------
    source : Path
    slide : Pyramid
        Of the slide the mask covers.
    tumor : int or None, 1 to 255
        The number that means tumour; None takes 255 in a mask of 0 and 255, and no other.

    Raises
    ------
    SlideError
        If the file cannot be read, is no mask or another slide's, or does not say which number is
        tumour.
    """
    number = _BINARY if tumor is None else tumor
    with open_mask(source, slide) as levels:
        values: frozenset[int] = frozenset()
        for level in _best_first(levels, slide):
            values, area = _read(level, _step(level, slide), number, source)
            if not _is_unclear(values, tumor):
                count = len(area.geoms)
                return Annotations(area, {f"value {number}": count} if count else {}, {})
            if values <= _LABELS:
                break  # no blend of others, so finer levels say the same
    raise _unclear(source, values, tumor)


def _best_first(levels: Sequence[MaskLevel], slide: Pyramid) -> list[MaskLevel]:
    """The coarsest level fine enough, then finer ones, whose numbers are less often blended."""
    fine = [level for level in levels if max(level.scale) * slide.mpp <= FINEST_MPP]
    return fine[::-1] or list(levels[:1])


def _is_unclear(values: frozenset[int], tumor: int | None) -> bool:
    """Whether a mask of these numbers leaves open which is tumour, or contradicts what is said."""
    if tumor is None or tumor == _BINARY:
        return not values <= {0, _BINARY}
    return values == {0, _BINARY}


def _step(level: MaskLevel, slide: Pyramid) -> int:
    """How many pixels of a level, a power of two, are `FINEST_MPP` at most; at least 1."""
    times = FINEST_MPP / (max(level.scale) * slide.mpp)
    return 1 << max(0, math.floor(math.log2(times)))


def _read(
    level: MaskLevel, step: int, tumor: int, source: Path
) -> tuple[frozenset[int], shapely.MultiPolygon]:
    """The numbers in a level, and the area of one of them in level-0 px of the slide.

    One pixel speaks for its block of `step` x `step`.
    """
    values = {0}
    parts: list[shapely.Geometry] = []
    left = MOST_RECTANGLES
    for column, row, pixels in level.tiles():
        held = np.flatnonzero(np.bincount(pixels.ravel(), minlength=256))
        values.update(held.tolist())
        if tumor not in held:
            continue
        x, y = (_first(start, step) for start in (column, row))
        boxes = rectangles(pixels[y - row :: step, x - column :: step] == tumor)
        left -= len(boxes)
        if left < 0:
            found = f"more than {MOST_RECTANGLES:,} pieces"
            raise refusal(source, "mask", "areas", found, "Is it a picture of the slide?")
        parts.append(_joined(boxes + np.array([x // step, y // step] * 2)))
    whole = shapely.simplify(merged(parts), 0)
    on_level = polygonal(shapely.transform(whole, lambda xy: xy * step))
    inside = shapely.intersection(on_level, shapely.box(0, 0, level.width, level.height))
    scaled = shapely.transform(inside, lambda xy: xy * level.scale)
    return frozenset(values), polygonal(scaled)


def _first(start: int, step: int) -> int:
    """The first pixel from `start` on that speaks for a block: the one in its middle."""
    return start + (step // 2 - start) % step


def rectangles(held: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Rectangles without overlap that cover the true pixels of `held` and no other.

    Parameters
    ----------
    held : (H, W) bool

    Returns
    -------
    (N, 4) int64
        Left, top, right and bottom, px; right and bottom are the first beyond.

    Examples
    --------
    >>> rectangles(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)).tolist()
    [[0, 0, 2, 2], [2, 2, 3, 3]]
    """
    padded = np.pad(held, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    order = np.lexsort((rows, ends, starts))
    rows, starts, ends = rows[order], starts[order], ends[order]
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (np.diff(rows) != 1) | (np.diff(starts) != 0) | (np.diff(ends) != 0)
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(rows)) - 1 if len(rows) else first
    return np.stack([starts[first], rows[first], ends[first], rows[last] + 1], axis=1)


def _joined(boxes: npt.NDArray[np.int64]) -> shapely.MultiPolygon:
    return merged(shapely.box(*boxes.T.astype(np.float64)))


def _unclear(source: Path, values: frozenset[int], tumor: int | None) -> Exception:
    """The refusal of a mask that does not say which number is tumour."""
    found = ", ".join(str(value) for value in sorted(values)[:_MOST_SHOWN])
    found += ", ..." if len(values) > _MOST_SHOWN else ""
    if tumor is not None:
        return refusal(source, "values", f"{tumor} for tumour, as stated", found, "Correct it")
    return refusal(
        source,
        "values",
        "0 and 255, or the number that means tumour",
        found,
        "State it in the configuration as mask_tumor: 2 where 1 is normal tissue and 2 tumour, "
        "1 where ASAP's script wrote metastases as 1 and normal as 2",
    )
