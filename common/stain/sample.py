"""The patches of a slide that its stain is measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile


def spread(total: int, most: int) -> npt.NDArray[np.int64]:
    """At most `most` of `total` items, evenly spread over them; all where there are no more.

    Examples
    --------
    >>> spread(10, 3).tolist()
    [1, 5, 8]
    >>> spread(2, 3).tolist()
    [0, 1]
    """
    if total <= most:
        return np.arange(total, dtype=np.int64)
    return (2 * np.arange(most, dtype=np.int64) + 1) * total // (2 * most)


def patches_of(files: Sequence[PatchFile], most: int) -> npt.NDArray[np.uint8]:
    """At most `most` patches, spread over all patches of the files of one slide.

    Only these are read, whatever their labels. The files are left closed.

    Parameters
    ----------
    files : sequence of PatchFile
        At least one, of one patch size; in any order.
    most : int

    Returns
    -------
    (K, S, S, 3) uint8, RGB
    """
    ordered = sorted(files, key=lambda file: (file.path.name, str(file.path)))
    ends = np.cumsum([len(file) for file in ordered])
    chosen = spread(int(ends[-1]), most)
    parts = []
    for file, end in zip(ordered, ends.tolist(), strict=True):
        first = end - len(file)
        parts.append(file.read(chosen[(chosen >= first) & (chosen < end)] - first))
        file.close()
    return np.concatenate(parts)
