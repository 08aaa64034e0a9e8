"""Where a pathologist drew tumour on a slide, read from ASAP XML or QuPath GeoJSON."""

from __future__ import annotations

from common.annotations.reader import read_annotations
from common.annotations.regions import Annotations

__all__ = ["Annotations", "read_annotations"]
