"""Where a slide has tissue, and where a pen or a scanner left something else.

The mask is made at a fixed physical scale, never at a level: the same settings mean the same on
every scanner.
"""

from __future__ import annotations

from common.tissue.finding import Found, find_tissue, look
from common.tissue.mask import TissueMask
from common.tissue.mask_file import (
    areas_of,
    mask_of,
    mask_text,
    read_mask,
    write_mask,
)
from common.tissue.mask_folder import (
    MASK_FOLDER,
    given_mask,
    mask_bytes,
    mask_hash,
    mask_path,
    refuse_unknown_masks,
)
from common.tissue.sanity import oddities, oddities_of_given
from common.tissue.settings import TissueSettings

__all__ = [
    "MASK_FOLDER",
    "Found",
    "TissueMask",
    "TissueSettings",
    "areas_of",
    "find_tissue",
    "given_mask",
    "look",
    "mask_bytes",
    "mask_hash",
    "mask_of",
    "mask_path",
    "mask_text",
    "oddities",
    "oddities_of_given",
    "read_mask",
    "refuse_unknown_masks",
    "write_mask",
]
