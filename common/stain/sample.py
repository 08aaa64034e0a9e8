"""The patches of a slide that its stain is measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.patch_file.schema import MINED

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

    Only these are read, whatever their labels. The files are left closed. Mined patches count only
    where there are no others: a slide has one stain, whether or not some of it was mined.

    Parameters
    ----------
    files : sequence of PatchFile
        At least one, of one patch size; in any order.
    most : int

    Returns
    -------
    (K, S, S, 3) uint8, RGB
    """
    whole = [file for file in files if file.header.sampling.get("method") != MINED] or files
    ordered = sorted(whole, key=_content)
    ends = np.cumsum([len(file) for file in ordered])
    chosen = spread(int(ends[-1]), most)
    parts = []
    for file, end in zip(ordered, ends.tolist(), strict=True):
        first = end - len(file)
        parts.append(file.read(chosen[(chosen >= first) & (chosen < end)] - first))
        file.close()
    return np.concatenate(parts)


def _content(file: PatchFile) -> tuple[int, str, bytes]:
    """What files of one slide are ordered by: not their folders, which may be moved."""
    return file.header.part, file.header.config_sha256, file.coords.tobytes()
